using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Tests.Support;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed class LogitsTests
{
    [Fact]
    public void Every_length_equals_the_reference()
    {
        foreach (var length in (int[])[.. Lengths.All, 511, 4097])
        {
            using var row = new GuardedBuffer<float>(RandomData.Floats(length, length, 20));
            Assert.Equal(Reference.Logits.ArgMax(row.Span), Logits.ArgMax(row.Span));
            Assert.Equal(Reference.Logits.LogSumExp(row.Span), Logits.LogSumExp(row.Span), Tolerances.LogSumExp);
        }
    }

    [Fact]
    public void Weights_are_exponentials_of_the_distance_to_the_greatest_and_nothing_far_below()
    {
        foreach (var length in Lengths.All.Where(length => length > 0))
        {
            using var row = new GuardedBuffer<float>(RandomData.Floats(length, length, 60));
            using var weights = new GuardedBuffer<float>(length);
            row.Span[length / 2] = float.NaN;
            row.Span[length / 3] = float.NegativeInfinity;
            Logits.Weigh(row.Span, 60, 0.8f, weights.Span);
            for (var i = 0; i < length; i++)
            {
                var expected = float.IsNaN(row.Span[i]) ? 0 : Math.Exp((row.Span[i] - 60.0) * 0.8f);
                Assert.InRange(weights.Span[i], Math.Max(0, (expected * (1 - Tolerances.Weight)) - 2e-38), expected * (1 + Tolerances.Weight));
            }
        }

        var edge = new float[3];
        Logits.Weigh([5, 5 - 88, float.NaN], 5, 1, edge);
        Assert.Equal([1, 0, 0], edge);
        Assert.Throws<ArgumentException>(() => Logits.Weigh([1, 2], 2, 1, new float[1]));
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(30f)]
    [InlineData(1000f)]
    public void A_large_vocabulary_sums_within_the_contract(float magnitude)
    {
        var row = RandomData.Floats(9, 150_000, magnitude);
        Assert.Equal(Reference.Logits.LogSumExp(row), Logits.LogSumExp(row), Tolerances.LogSumExp);
    }

    [Fact]
    public void Many_equal_logits_sum_within_the_contract()
    {
        var row = new float[262_144];
        Assert.Equal(Math.Log(262_144), Logits.LogSumExp(row), Tolerances.LogSumExp);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 700)]
    [InlineData(255, 256)]
    [InlineData(900, 1023)]
    public void A_tie_goes_to_the_smaller_index(int first, int second)
    {
        var row = RandomData.Floats(4, 1024);
        row[first] = 5;
        row[second] = 5;
        Assert.Equal(first, Logits.ArgMax(row));
    }

    [Fact]
    public void Zeros_of_either_sign_tie()
    {
        var row = new float[40];
        Array.Fill(row, -1);
        row[7] = -0f;
        row[30] = 0f;
        Assert.Equal(7, Logits.ArgMax(row));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(40)]
    public void A_number_wins_over_what_is_none(int length)
    {
        var row = new float[length];
        Array.Fill(row, float.NaN);
        Assert.Equal(0, Logits.ArgMax(row));
        row[length - 1] = -3;
        Assert.Equal(length - 1, Logits.ArgMax(row));
    }

    [Fact]
    public void Minus_infinity_counts_as_impossible()
    {
        var row = new float[35];
        Array.Fill(row, float.NegativeInfinity);
        Assert.Equal(double.NegativeInfinity, Logits.LogSumExp(row));
        Assert.Equal(0, Logits.ArgMax(row));
        row[33] = 2;
        Assert.Equal(2, Logits.LogSumExp(row), Tolerances.LogSumExp);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(33)]
    public void What_is_not_a_number_weighs_nothing(int index)
    {
        var row = new float[35];
        row[index] = float.NaN;
        Assert.Equal(Math.Log(34), Logits.LogSumExp(row), Tolerances.LogSumExp);
    }

    [Fact]
    public void An_empty_row_is_refused() => Assert.Throws<ArgumentException>(() => Logits.ArgMax([]));
}
