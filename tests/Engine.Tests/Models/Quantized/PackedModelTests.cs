using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models;

namespace AdapterServe.Engine.Tests.Models.Quantized;

/// <summary>Checkpoints that come as GPTQ or AWQ, against the same weights in f32.</summary>
public sealed class PackedModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<PackingRecipe> Recipes => new(
        new PackingRecipe("gptq", 4, 128),
        new PackingRecipe("gptq", 4, 64, Format: "gptq_v2"),
        new PackingRecipe("gptq", 4, 32, ActOrder: true),
        new PackingRecipe("gptq", 4, -1),
        new PackingRecipe("gptq", 8, 128, ActOrder: true, Format: "gptq_v2"),
        new PackingRecipe("gptq", 8, -1),
        new PackingRecipe("gptq", 4, 512),
        new PackingRecipe("gptq", 4, 48, ActOrder: true, Head: true),
        new PackingRecipe("awq", 4, 128),
        new PackingRecipe("awq", 4, 32),
        new PackingRecipe("awq", 4, -1));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Recipes))]
    public async Task Weights_are_the_published_formulas_and_log_probabilities_those_of_the_same_weights(PackingRecipe recipe)
    {
        var checkpoint = new PackedCheckpoint(recipe);
        checkpoint.Write(_folder.In("packed"));
        checkpoint.WritePlain(_folder.In("plain"));
        var plain = await ImportAsync("plain", new ImportOptions());
        var opened = await ImportAsync("packed", new ImportOptions());
        var held = await ImportAsync("packed", new ImportOptions { Weights = WeightFormat.Int4, EmbeddingWeights = WeightFormat.F32 });
        Assert.InRange(held.Weights.Sum(weight => weight.Bytes), 0, 0.5 * plain.Weights.Sum(weight => weight.Bytes));
        foreach (var site in plain.Base.Sites.Where(site => site.Kind != SiteKind.Sublayer))
        {
            var expected = Read(plain, site);
            Assert.Equal(expected, Read(opened, site));
            Assert.Equal(expected, Read(held, site));
        }

        var withHead = await ImportAsync("packed", new ImportOptions { Weights = WeightFormat.Int4 });
        var head = plain.Base.FindSite("lm_head")!;
        Assert.Equal(recipe.Head, Read(plain, head).AsSpan().SequenceEqual(Read(withHead, head)));

        var probabilities = LogProbabilities(plain);
        Assert.Equal(probabilities, LogProbabilities(opened));
        Assert.InRange(LogProbabilities(held).Zip(probabilities, (a, b) => Math.Abs(a - b)).Average(), 1e-6, Tolerances.EightBitInputs);
    }

    [Fact]
    public async Task A_bias_that_the_packer_added_is_served()
    {
        var checkpoint = new PackedCheckpoint(new PackingRecipe("gptq", 4, 128));
        checkpoint.Packed["model.layers.0.mlp.down_proj.bias"] = (SafetensorsType.F32, [256], new byte[1024]);
        checkpoint.Packed["model.layers.1.mlp.down_proj.bias"] = (SafetensorsType.F32, [256], [.. Enumerable.Repeat(BitConverter.GetBytes(0.5f), 256).SelectMany(bytes => bytes)]);
        checkpoint.Write(_folder.In("packed"));
        checkpoint.WritePlain(_folder.In("plain"));
        var plain = LogProbabilities(await ImportAsync("plain", new ImportOptions()));
        var biased = await ImportAsync("packed", new ImportOptions());
        Assert.NotEqual(plain, LogProbabilities(biased));
        var bias = new float[256];
        Assert.True(biased.Base.Weights!.TryReadBias(biased.Base.FindSite("model.layers.1.mlp.down_proj")!, bias));
        Assert.All(bias, value => Assert.Equal(0.5f, value));
        Assert.False(biased.Base.Weights.TryReadBias(biased.Base.FindSite("model.layers.1.mlp.up_proj")!, bias));
    }

    [Theory]
    [InlineData("quant_method", "\"hqq\"")]
    [InlineData("quant_method", "null")]
    [InlineData("bits", "3")]
    [InlineData("bits", "\"4\"")]
    [InlineData("bits", "8")]
    [InlineData("group_size", "0")]
    [InlineData("group_size", "64")]
    [InlineData("checkpoint_format", "\"marlin\"")]
    [InlineData("is_marlin_format", "true")]
    [InlineData("pack_dtype", "\"int64\"")]
    [InlineData("dynamic", "{\"+:.*down.*\":{\"bits\":8}}")]
    [InlineData("rotation", "\"hadamard\"")]
    public async Task A_configuration_that_is_not_known_or_does_not_fit_is_refused(string field, string json)
    {
        var checkpoint = new PackedCheckpoint(new PackingRecipe("gptq", 4, 128));
        checkpoint.Packing[field] = JsonNode.Parse(json);
        checkpoint.Write(_folder.In("packed"));
        await AssertRefusedAsync();
    }

    [Theory]
    [InlineData("version", "\"gemv\"")]
    [InlineData("bits", "8")]
    [InlineData("checkpoint_format", "\"gemv_fast\"")]
    [InlineData("desc_act", "true")]
    [InlineData("pack_dtype", "\"int16\"")]
    [InlineData("scales_dtype", "\"fp8\"")]
    public async Task An_AWQ_configuration_that_is_not_known_is_refused(string field, string json)
    {
        var checkpoint = new PackedCheckpoint(new PackingRecipe("awq", 4, 128));
        checkpoint.Packing[field] = JsonNode.Parse(json);
        checkpoint.Write(_folder.In("packed"));
        await AssertRefusedAsync();
    }

    [Fact]
    public async Task Tensors_that_are_missing_of_another_type_or_in_no_groups_are_refused()
    {
        const string path = "model.layers.2.self_attn.q_proj.";
        await AssertChangedIsRefusedAsync(checkpoint => checkpoint.Packed.Remove(path + "scales"));
        await AssertChangedIsRefusedAsync(checkpoint => checkpoint.Packed.Remove(path + "qzeros"));
        await AssertChangedIsRefusedAsync(checkpoint => checkpoint.Packed[path + "qweight"] = checkpoint.Packed[path + "qweight"] with { Type = SafetensorsType.F32 });
        await AssertChangedIsRefusedAsync(checkpoint => checkpoint.Packed[path + "scales"] = checkpoint.Packed[path + "scales"] with { Shape = [4, 128] });
        await AssertChangedIsRefusedAsync(checkpoint => checkpoint.Packed[path + "g_idx"].Bytes[0] = 1);
        await AssertChangedIsRefusedAsync(checkpoint => checkpoint.Packed[path + "g_idx"].Bytes[3] = 0x80);
        await AssertChangedIsRefusedAsync(checkpoint => checkpoint.Packed[path + "extra"] = checkpoint.Packed[path + "scales"]);
    }

    [Fact]
    public async Task A_zero_point_that_overflows_in_the_first_format_is_refused_and_nothing_stays()
    {
        var checkpoint = new PackedCheckpoint(new PackingRecipe("gptq", 4, 128));
        checkpoint.Packed["model.layers.3.mlp.up_proj.qzeros"].Bytes[5] |= 0xF0;
        checkpoint.Write(_folder.In("packed"));
        var refusal = await AssertRefusedAsync();
        Assert.Contains("gptq_v2", refusal.Message, StringComparison.Ordinal);
        Assert.Equal([_folder.In("cache", "digests")], Directory.GetDirectories(_folder.In("cache")));
    }

    [Fact]
    public async Task Packed_linears_without_the_configuration_and_the_reverse_are_refused()
    {
        var checkpoint = new PackedCheckpoint(new PackingRecipe("gptq", 4, 128));
        checkpoint.Write(_folder.In("packed"));
        var config = JsonNode.Parse(await File.ReadAllTextAsync(_folder.In("packed", "config.json"), TestContext.Current.CancellationToken))!.AsObject();
        var packing = config["quantization_config"]!.DeepClone();
        config.Remove("quantization_config");
        await File.WriteAllTextAsync(_folder.In("packed", "config.json"), config.ToJsonString(), TestContext.Current.CancellationToken);
        await AssertRefusedAsync();

        checkpoint.WritePlain(_folder.In("packed"));
        config["quantization_config"] = packing;
        await File.WriteAllTextAsync(_folder.In("packed", "config.json"), config.ToJsonString(), TestContext.Current.CancellationToken);
        await AssertRefusedAsync();
    }

    private static float[] Read(ImportedModel model, Site site)
    {
        var values = new float[site.WeightRows * site.WeightColumns];
        model.Base.Weights!.Read(model.Base.FindSite(site.Path)!, values);
        return values;
    }

    private static double[] LogProbabilities(ImportedModel model)
    {
        using var runner = new ReferenceRunner(model, blocks: 64);
        var prompts = RepositoryFiles.Json(RepositoryFiles.Data("goldens", "base.json")).GetProperty("cases").EnumerateArray().Take(4)
            .Select(golden => golden.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32()).ToArray()).ToArray();
        var logits = runner.Step(prompts, [.. Enumerable.Range(0, prompts.Sum(prompt => prompt.Length)).Select(row => (long)row)]);
        var next = prompts.SelectMany(prompt => prompt.Skip(1).Append(0));
        return [.. logits.Zip(next, (row, id) => ReferenceRunner.LogProbabilities(row)[id])];
    }

    private Task<ImportedModel> ImportAsync(string folder, ImportOptions options) =>
        new ModelImporter().ImportAsync(_folder.In(folder), _folder.In("cache"), options, cancellation: TestContext.Current.CancellationToken);

    private async Task AssertChangedIsRefusedAsync(Action<PackedCheckpoint> change)
    {
        var checkpoint = new PackedCheckpoint(new PackingRecipe("gptq", 4, 128));
        change(checkpoint);
        checkpoint.Write(_folder.In("packed"));
        await AssertRefusedAsync();
    }

    private async Task<ModelImportException> AssertRefusedAsync()
    {
        var refusal = await Assert.ThrowsAsync<ModelImportException>(() => ImportAsync("packed", new ImportOptions { Weights = WeightFormat.Int4 }));
        Assert.EndsWith(".", refusal.Message, StringComparison.Ordinal);
        return refusal;
    }
}
