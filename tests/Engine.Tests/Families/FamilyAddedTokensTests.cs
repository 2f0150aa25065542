using System.Text.Json;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.Families;

/// <summary>A token that an adapter adds as a copy of one of the base's is that token again, whatever a family does around embedding and head.</summary>
public sealed class FamilyAddedTokensTests
{
    public static TheoryData<string> Names => [.. FamilyModel.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_copied_token_shares_the_probability_and_reads_the_same(string family)
    {
        await using var model = await FamilyModel.OpenAsync(family);
        using var environment = new OrtEnvironment();
        await using var engine = EngineHost.Start(environment, model.Model, new EngineOptions());
        var expected = model.Cases("base")[0];
        var copied = expected.GreedyIds[0];
        var added = await UploadCopyAsync(model, copied);

        var first = await RunAsync(engine, model, expected.PromptIds);
        var shared = expected.GreedyLogprobs[0] - Math.Log(1 + Math.Exp(expected.GreedyLogprobs[0]));
        Assert.Equal([copied, added], first.LogProbs!.TopIds(0).ToArray().Order());
        Assert.All(first.LogProbs.TopValues(0).ToArray(), value => Assert.Equal(shared, value, Tolerances.FamilyLogProb));

        var read = await RunAsync(engine, model, [.. expected.PromptIds, added, .. expected.PromptIds[..2]]);
        var original = await RunAsync(engine, model, [.. expected.PromptIds, copied, .. expected.PromptIds[..2]]);
        for (var i = expected.PromptIds.Length + 1; i < expected.PromptIds.Length + 3; i++)
        {
            Assert.Equal(original.PromptLogProbs![i], read.PromptLogProbs![i]);
        }
    }

    /// <summary>The id of the copy.</summary>
    private static async Task<int> UploadCopyAsync(FamilyModel model, int copied)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.In("copy"));
        await File.WriteAllBytesAsync(
            Path.Combine(folder.In("copy"), "adapter_config.json"), JsonSerializer.SerializeToUtf8Bytes(new { peft_type = "LORA", r = 1, lora_alpha = 1 }), TestContext.Current.CancellationToken);
        var ends = model.Model.Base.Sites.Where(site => site.Kind == SiteKind.Embedding || (site.Kind == SiteKind.Head && !model.Model.Base.HasTiedEmbeddings)).ToList();
        await using (var stream = File.Create(Path.Combine(folder.In("copy"), "adapter_model.safetensors")))
        {
            var writer = new SafetensorsWriter(
                stream, ends.Select(site => new SafetensorsEntry($"base_model.model.{site.Path}.weight", SafetensorsType.F32, [site.WeightRows + 1, site.WeightColumns])));
            foreach (var site in ends)
            {
                var rows = new float[site.WeightRows * site.WeightColumns];
                model.Model.Base.Weights!.Read(site, rows);
                writer.Write(rows);
                writer.Write(rows.AsSpan(copied * site.WeightColumns, site.WeightColumns));
            }

            writer.Complete();
        }

        await Goldens.TestUploads.PutFolderAsync(model.Storage, "copy", folder.In("copy"));
        return model.Model.Shape.VocabularySize;
    }

    private static async Task<Generation> RunAsync(EngineHost engine, FamilyModel model, int[] prompt)
    {
        var generation = engine.Client.Submit(new GenerationRequest
        {
            Tenant = "default", PromptTokens = prompt, Adapter = await model.AcquireAsync("copy"), MaxTokens = 1, Sampling = SamplingParameters.Greedy, LogProbs = 2, PromptLogProbs = 0,
        });
        return await generation.EndAsync();
    }
}
