using System.Runtime.InteropServices;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.GenAi;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Engine.Tests.Models;

namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>The demo model from a 4-bit folder, against ONNX Runtime on that folder's own graph.</summary>
[Trait("Suite", "Goldens")]
public sealed class Int4GoldenTests(Int4Model demo) : IClassFixture<Int4Model>
{
    private const int Probes = 64;
    private const int AnswerTokens = 24;
    private static readonly GoldenCase[] Cases = GoldenFile.Read("base").Cases;

    [Fact]
    public void A_single_token_has_ONNX_Runtimes_own_logits_to_the_bit()
    {
        using var oracle = new FolderOracle(demo.ModelFolder, DemoExport.KvHeads, DemoExport.HeadSize);
        using var runner = new ReferenceRunner(demo.Model, Probes);
        int[][] tokens = [.. Enumerable.Range(0, Probes).Select(i => (int[])[i * demo.Model.Shape.VocabularySize / Probes])];
        var logits = runner.Step(tokens, [.. Enumerable.Range(0, Probes).Select(i => (long)i)]);
        for (var i = 0; i < Probes; i++)
        {
            Assert.Equal(oracle.Logits(tokens[i])[0], logits[i]);
        }
    }

    [Fact]
    public void Prompts_have_ONNX_Runtimes_log_probabilities_but_for_activations_that_round_otherwise()
    {
        using var oracle = new FolderOracle(demo.ModelFolder, DemoExport.KvHeads, DemoExport.HeadSize);
        var differences = new List<double>();
        foreach (var ids in Cases.Select(expected => expected.PromptIds))
        {
            using var runner = new ReferenceRunner(demo.Model, Probes);
            var (expected, actual) = (oracle.Logits(ids), runner.Step([ids], [.. Enumerable.Range(0, ids.Length).Select(row => (long)row)]));
            differences.AddRange(Enumerable.Range(1, ids.Length - 1).Select(t =>
                Math.Abs(ReferenceRunner.LogProbabilities(expected[t - 1])[ids[t]] - ReferenceRunner.LogProbabilities(actual[t - 1])[ids[t]])));
        }

        differences.Sort();
        Assert.InRange(differences[^1], 0, Tolerances.RoundedActivations);
        Assert.InRange(differences[differences.Count / 4], 0, Tolerances.GoldenLogProb);
    }

    [Fact]
    public async Task Greedy_answers_are_ONNX_Runtimes_own()
    {
        using var oracle = new FolderOracle(demo.ModelFolder, DemoExport.KvHeads, DemoExport.HeadSize);
        await using var engine = demo.Start(new EngineOptions());
        foreach (var prompt in Cases.Select(expected => expected.PromptIds))
        {
            var generation = await GenerateAsync(engine, null, prompt, AnswerTokens);
            int[] answer = [.. Enumerable.Range(0, generation.TokenCount).Select(generation.TokenAt)];
            var logits = oracle.Logits([.. prompt, .. answer]);
            for (var i = 0; i < answer.Length; i++)
            {
                var row = logits[prompt.Length - 1 + i];
                Assert.InRange(row.Max() - row[answer[i]], 0, 4 * Tolerances.RoundedActivations);
                Assert.Equal(ReferenceRunner.LogProbabilities(row)[answer[i]], generation.LogProbs![i], Tolerances.RoundedActivations);
            }
        }
    }

    [Fact]
    public void Base_weights_are_what_the_blocks_stand_for()
    {
        using var model = OnnxModelFile.Open(demo.ModelFolder, "model.onnx");
        var site = demo.Model.Base.FindSite("model.layers.1.self_attn.v_proj")!;
        var packed = model.Tensors.Values.Single(
            tensor => tensor.Name.StartsWith("model.layers.1.attn.qkv_proj.MatMul.weight_Q", StringComparison.Ordinal));
        var scales = MemoryMarshal.Cast<byte, float>(
            model.Tensors["model.layers.1.attn.qkv_proj.MatMul.weight_scales"].Slice(0, 512 * 8 * 4)).ToArray();
        var codes = packed.Slice(0, (int)packed.Bytes).ToArray();
        var actual = new float[site.WeightRows * site.WeightColumns];
        demo.Model.Base.Weights!.Read(site, actual);
        const int firstRow = 256 + 128; // Behind the queries' rows and the keys'.
        for (var i = 0; i < actual.Length; i++)
        {
            var at = (firstRow * site.WeightColumns) + i;
            var code = (codes[at / 2] >> (4 * (at % 2))) & 15;
            Assert.Equal((code - 8) * scales[at / 32], actual[i]);
        }
    }

    [Theory]
    [InlineData("pirate-lora")]
    [InlineData("polite-dora")]
    [InlineData("brief-ia3")]
    public async Task An_adapter_of_the_f32_base_is_served_on_the_4_bit_one(string name)
    {
        await using var engine = demo.Start(new EngineOptions());
        var alone = await LogProbsAsync(engine, null, name);
        var adapted = await LogProbsAsync(engine, name, name);
        var golden = GoldenFile.Read(name).Cases[0].PromptLogprobs[1..].Select(value => value!.Value).ToArray();
        Assert.True(Distance(adapted, golden) < Distance(alone, golden) / 2, $"{name}: {Distance(adapted, golden)} with it, {Distance(alone, golden)} without.");
        Assert.Equal(SiteKind.Head, demo.Model.Base.Sites[^1].Kind);
    }

    private async Task<double[]> LogProbsAsync(EngineHost engine, string? adapter, string golden)
    {
        var ids = GoldenFile.Read(golden).Cases[0].PromptIds;
        var generation = await GenerateAsync(engine, adapter, ids, 1);
        return [.. Enumerable.Range(1, ids.Length - 1).Select(i => (double)generation.PromptLogProbs![i])];
    }

    private async Task<Generation> GenerateAsync(EngineHost engine, string? adapter, int[] prompt, int tokens)
    {
        var generation = engine.Client.Submit(new GenerationRequest
        {
            Tenant = "default", PromptTokens = prompt, MaxTokens = tokens, Sampling = SamplingParameters.Greedy, LogProbs = 0, PromptLogProbs = 0,
            Adapter = adapter is null ? null : await demo.AcquireAsync(adapter),
        });
        return await generation.EndAsync();
    }

    private static double Distance(double[] first, double[] second) => Math.Sqrt(first.Zip(second, (a, b) => (a - b) * (a - b)).Sum());
}
