using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Engine.Tests.Models;
using FsCheck;

namespace AdapterServe.Engine.Tests.Composition;

/// <summary>Random mixtures of adapters, prompts and arrivals, in engines that cut their steps in different ways: each request is answered as if it were alone.</summary>
public sealed class MixedBatchProperties : IClassFixture<TinyServer>, IDisposable
{
    /// <summary>Where the two best tokens are nearer than this, another order of summation may choose the other one.</summary>
    private const float Tie = 1e-3f;

    private static readonly Configuration s_configuration = new()
    {
        MaxNbOfTest = 80,
        // The same cases in every run: a failure must be one that the next run shows too.
        Replay = FsCheck.Random.StdGen.NewStdGen(20_241, 7),
        Runner = Configuration.QuickThrowOnFailure.Runner,
    };

    private readonly TinyServer _server;
    private readonly SteppedEngine _alone;
    private readonly SteppedEngine[] _engines;
    private readonly Dictionary<string, Answer> _answers = new(StringComparer.Ordinal);

    public MixedBatchProperties(TinyServer server)
    {
        _server = server;
        _alone = Engine(new EngineOptions { PrefillTokens = 64, PrefixCache = false }, blocks: 64);
        _engines =
        [
            Engine(new EngineOptions { PrefillTokens = 1, PrefixCache = true, BlockTokens = 4 }, blocks: 64),
            Engine(new EngineOptions { PrefillTokens = 5, PrefixCache = false, Threads = 1 }, blocks: 64),
            Engine(new EngineOptions { PrefillTokens = 64, PrefixCache = true, BlockTokens = 2, MaxSequences = 3 }, blocks: 64),
            Engine(new EngineOptions { PrefillTokens = 7, PrefixCache = true, BlockTokens = 4 }, blocks: 10),
        ];
    }

    [Fact]
    public void A_request_in_any_batch_is_answered_as_if_it_were_alone() => Prop.ForAll(MixedBatch.Any(_engines.Length).ToArbitrary(), Check).Check(s_configuration);

    public void Dispose()
    {
        _alone.Dispose();
        Array.ForEach(_engines, engine => engine.Dispose());
    }

    private void Check(MixedBatch batch)
    {
        var engine = _engines[batch.Engine];
        var running = new List<Generation>();
        foreach (var request in batch.Requests)
        {
            for (var step = 0; step < request.StepsBefore; step++)
            {
                engine.Step();
            }

            running.Add(Submit(engine, request));
        }

        engine.RunToEnd();
        for (var i = 0; i < running.Count; i++)
        {
            AssertEqual(Alone(batch.Requests[i]), Answer.Of(running[i]), batch.Requests[i]);
        }
    }

    private Answer Alone(MixedRequest request)
    {
        if (!_answers.TryGetValue(request.Key, out var answer))
        {
            var generation = Submit(_alone, request);
            _alone.RunToEnd();
            _answers.Add(request.Key, answer = Answer.Of(generation));
        }

        return answer;
    }

    private Generation Submit(SteppedEngine engine, MixedRequest request) =>
        engine.Submit(request.Prompt, request.MaxTokens, _server.Acquire(request.Mixture), logProbs: TinyCheckpoint.Vocabulary);

    private SteppedEngine Engine(EngineOptions options, int blocks) => new(_server.Environment, _server.Model, options, blocks);

    private static void AssertEqual(Answer expected, Answer actual, MixedRequest request)
    {
        for (var step = 0; step < request.MaxTokens; step++)
        {
            var (wanted, got) = (expected.Values[step], actual.Values[step]);
            var tolerance = 4 * Tolerances.TinyLogits * wanted.Max(value => Math.Abs(value) + 1);
            for (var id = 0; id < wanted.Length; id++)
            {
                Assert.True(Math.Abs(wanted[id] - got[id]) <= tolerance, $"{request}: step {step}, id {id}: {got[id]}, alone {wanted[id]}");
            }

            if (expected.Ids[step] != actual.Ids[step])
            {
                var best = wanted.OrderDescending().ToArray();
                Assert.True(best[0] - best[1] < Tie, $"{request}: step {step} chose {actual.Ids[step]}, alone {expected.Ids[step]}");
                return;
            }
        }
    }

    /// <summary>The ids and for each step the log-probability of every id.</summary>
    private sealed record Answer(int[] Ids, float[][] Values)
    {
        public static Answer Of(Generation generation)
        {
            Assert.True(generation.Finish is FinishReason.Length or FinishReason.Stop, $"The request ended by {generation.Finish}.");
            var values = Enumerable.Range(0, generation.TokenCount).Select(step =>
            {
                var row = new float[TinyCheckpoint.Vocabulary];
                for (var k = 0; k < row.Length; k++)
                {
                    row[generation.LogProbs!.TopIds(step)[k]] = generation.LogProbs.TopValues(step)[k];
                }

                return row;
            });
            return new Answer([.. Enumerable.Range(0, generation.TokenCount).Select(generation.TokenAt)], [.. values]);
        }
    }
}
