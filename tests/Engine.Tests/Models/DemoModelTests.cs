using System.Text.Json;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models;

namespace AdapterServe.Engine.Tests.Models;

public sealed class DemoModelTests : IAsyncLifetime
{
    private readonly TemporaryFolder _cache = new();
    private ImportedModel _model = null!;

    private static IReadOnlyList<JsonElement> Cases { get; } =
        [.. RepositoryFiles.Json(RepositoryFiles.Data("goldens", "base.json")).GetProperty("cases").EnumerateArray()];

    public async ValueTask InitializeAsync() =>
        _model = await new ModelImporter().ImportAsync(RepositoryFiles.DemoModel, _cache.Path, new ImportOptions { Id = "demo" }, cancellation: TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        _cache.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void All_prompts_in_one_batch_have_the_golden_log_probabilities()
    {
        using var runner = new ReferenceRunner(_model, blocks: 64);
        var prompts = Cases.Select(Prompt).ToArray();
        var rows = Enumerable.Range(0, prompts.Sum(prompt => prompt.Length)).Select(row => (long)row).ToArray();
        var logits = runner.Step(prompts, rows);
        var row = 0;
        for (var i = 0; i < prompts.Length; i++)
        {
            var golden = Cases[i].GetProperty("prompt_logprobs");
            for (var t = 1; t < prompts[i].Length; t++)
            {
                AssertClose(golden[t].GetDouble(), ReferenceRunner.LogProbabilities(logits[row + t - 1])[prompts[i][t]]);
            }

            row += prompts[i].Length;
            var last = ReferenceRunner.LogProbabilities(logits[row - 1]);
            foreach (var best in Cases[i].GetProperty("first_top5").EnumerateArray())
            {
                AssertClose(best[1].GetDouble(), last[best[0].GetInt32()]);
            }
        }
    }

    [Fact]
    public void Greedy_decoding_after_a_chunked_prefill_gives_the_golden_ids()
    {
        using var runner = new ReferenceRunner(_model, blocks: 64);
        var prompts = Cases.Select(Prompt).ToArray();
        runner.Step(Array.ConvertAll(prompts, prompt => prompt[..7]), []);
        var next = Array.ConvertAll(prompts, prompt => prompt[7..]);
        for (var step = 0; step < 7; step++)
        {
            var ends = new long[prompts.Length];
            for (var i = 0; i < ends.Length; i++)
            {
                ends[i] = (i == 0 ? -1 : ends[i - 1]) + next[i].Length;
            }

            var logits = runner.Step(next, ends);
            for (var i = 0; i < prompts.Length; i++)
            {
                var golden = Cases[i].GetProperty("greedy_ids")[step].GetInt32();
                var log = ReferenceRunner.LogProbabilities(logits[i]);
                Assert.Equal(golden, Array.IndexOf(log, log.Max()));
                AssertClose(Cases[i].GetProperty("greedy_logprobs")[step].GetDouble(), log[golden]);
                next[i] = [golden];
            }
        }
    }

    [Fact]
    public void Every_site_runs_on_the_rows_that_its_attribute_says()
    {
        using var runner = new ReferenceRunner(_model, blocks: 8);
        runner.Step([[1, 4, 204], [1, 4]], [2]);
        Assert.Equal(Enumerable.Range(0, _model.Base.Sites.Length), runner.SeenSites.Keys.Order());
        foreach (var site in _model.Base.Sites)
        {
            var afterGather = site.Kind == SiteKind.Head || site.Path == "model.norm";
            Assert.Equal((afterGather ? 1 : 0, site.OutFeatures * (afterGather ? 1L : 5L)), runner.SeenSites[site.Index]);
        }
    }

    [Fact]
    public void Every_linears_input_is_changed_without_a_copy()
    {
        using var runner = new ReferenceRunner(_model, blocks: 8);
        runner.Step([[1, 4, 204], [1, 4]], [2]);
        var expected = _model.Base.Sites.Where(site => site.Kind is SiteKind.Linear or SiteKind.Head);
        Assert.Equal(expected.Select(site => site.Index), runner.InputsInPlace.Keys.Order());
        Assert.DoesNotContain(false, runner.InputsInPlace.Values);
    }

    [Fact]
    public void The_engine_learns_the_sizes_of_the_model()
    {
        Assert.Equal((4, 256, 8, 4, 32, 1024, 1024), (_model.Shape.Layers, _model.Shape.HiddenSize, _model.Shape.Heads, _model.Shape.KvHeads, _model.Shape.HeadSize, _model.Shape.VocabularySize, _model.Shape.ContextTokens));
        Assert.Equal([2], _model.Shape.EosTokenIds);
        Assert.Equal(1, _model.Shape.BosTokenId);
        Assert.Equal(4 * 2 * 4 * 32 * 4, _model.Shape.KvBytesPerToken);
        Assert.Equal("demo", _model.Base.Id);
        Assert.Matches("^sha256:[0-9a-f]{64}$", _model.Base.Fingerprint);
    }

    private static int[] Prompt(JsonElement golden) => [.. golden.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())];

    private static void AssertClose(double expected, double actual) => Assert.InRange(actual - expected, -Tolerances.GoldenLogProbability, Tolerances.GoldenLogProbability);
}
