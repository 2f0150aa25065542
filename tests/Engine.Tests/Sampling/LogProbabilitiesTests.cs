using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;

namespace AdapterServe.Engine.Tests.Sampling;

public sealed class LogProbabilitiesTests
{
    [Fact]
    public void Values_equal_the_log_softmax_taken_in_double()
    {
        for (int size = 20; size < 300; size += 13)
        {
            float[] logits = ReferenceSampling.RandomLogits(size, seed: size, spread: 10);
            double logSum = Math.Log(logits.Sum(logit => Math.Exp(logit)));
            var buffer = new LogProbBuffer(2, 20);
            int token = size / 2;
            LogProbabilities.Fill(logits, token, buffer, 1);
            Assert.Equal(logits[token] - logSum, buffer[1], Tolerances.LogProbability);
            int[] best = [.. Enumerable.Range(0, size).OrderByDescending(id => logits[id]).ThenBy(id => id).Take(20)];
            Assert.Equal(best, buffer.TopIds(1).ToArray());
            Assert.All(Enumerable.Range(0, 20), rank => Assert.Equal(logits[best[rank]] - logSum, buffer.TopValues(1)[rank], Tolerances.LogProbability));
        }
    }

    [Fact]
    public void Equal_logits_stand_in_the_order_of_their_ids()
    {
        var buffer = new LogProbBuffer(1, 4);
        LogProbabilities.Fill([1, 3, 2, 3, 1, 1], 0, buffer, 0);
        Assert.Equal([1, 3, 2, 0], buffer.TopIds(0).ToArray());
    }

    [Fact]
    public void A_rank_is_the_place_in_the_order_of_all_tokens()
    {
        for (int size = 1; size < 200; size += 7)
        {
            // Few different values, so that there are ties on both sides; infinities and what is no number at the end of the order.
            float[] logits = [.. ReferenceSampling.RandomLogits(size, seed: size, spread: 3).Select(logit => MathF.Round(logit))];
            for (int id = 3; id < size; id += 11)
            {
                logits[id] = id % 2 == 0 ? float.NaN : float.NegativeInfinity;
                logits[id - 1] = id % 3 == 0 ? -0f : 0f;
            }

            int[] order = [.. Enumerable.Range(0, size).OrderByDescending(id => float.IsNaN(logits[id]) ? float.NegativeInfinity : logits[id] + 0f).ThenBy(id => id)];
            var buffer = new LogProbBuffer(size, size % 2);
            foreach (int token in order)
            {
                LogProbabilities.Fill(logits, token, buffer, token);
                Assert.Equal(Array.IndexOf(order, token) + 1, buffer.RankAt(token));
            }
        }
    }

    [Fact]
    public void Great_logits_do_not_overflow()
    {
        var buffer = new LogProbBuffer(1, 0);
        LogProbabilities.Fill([3e38f, 3e38f, -3e38f], 0, buffer, 0);
        Assert.Equal(-Math.Log(2), buffer[0], Tolerances.LogProbability);
    }

    [Fact]
    public void Logits_that_are_no_numbers_weigh_nothing()
    {
        var buffer = new LogProbBuffer(1, 3);
        LogProbabilities.Fill([float.NaN, 0, float.NegativeInfinity, 0, float.NaN, float.NaN, float.NaN, float.NaN, float.NaN], 1, buffer, 0);
        Assert.Equal(-Math.Log(2), buffer[0], Tolerances.LogProbability);
        Assert.Equal([1, 3, 0], buffer.TopIds(0).ToArray());
        Assert.Equal(float.NegativeInfinity, buffer.TopValues(0)[2]);
        LogProbabilities.Fill([float.NaN, float.NaN], 1, buffer, 0);
        Assert.Equal(float.NegativeInfinity, buffer[0]);
        Assert.Equal([0, 1, -1], buffer.TopIds(0).ToArray());
        LogProbabilities.Fill([1, float.PositiveInfinity], 0, buffer, 0);
        Assert.Equal(float.NegativeInfinity, buffer[0]);
    }

    [Fact]
    public void Filling_allocates_nothing()
    {
        float[] logits = ReferenceSampling.RandomLogits(3_000, seed: 2);
        var buffer = new LogProbBuffer(1, 20);
        long before = 0;
        for (int i = 0; i < 60; i++)
        {
            before = i == 20 ? GC.GetAllocatedBytesForCurrentThread() : before;
            LogProbabilities.Fill(logits, i, buffer, 0);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
