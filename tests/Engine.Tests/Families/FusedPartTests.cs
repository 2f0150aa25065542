using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Engine.Tests.Models;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.Families;

/// <summary>
/// The same weights as a Llama with separate linears and as a Phi-3 with fused ones: adapters of the separate linears mean the same on both.
/// </summary>
public sealed class FusedPartTests : IDisposable
{
    private const double Tolerance = 2e-5;
    private const string Root = "base_model.model.model.layers.";
    private static readonly int[] s_prompt = [3, 14, 1, 5, 9, 2, 6];
    private readonly TemporaryFolder _folder = new();
    private readonly OrtEnvironment _environment = new();

    public static TheoryData<string, string> Adapters => new()
    {
        { "lora", """{"peft_type":"LORA","r":2,"lora_alpha":4,"target_modules":["q_proj","v_proj","up_proj","down_proj"]}""" },
        { "lora", """{"peft_type":"LORA","r":2,"lora_alpha":4,"target_modules":".*(k_proj|gate_proj)"}""" },
        { "dora", """{"peft_type":"LORA","r":2,"lora_alpha":2,"use_dora":true,"target_modules":["k_proj","gate_proj","o_proj"]}""" },
        { "ia3", """{"peft_type":"IA3","target_modules":["k_proj","v_proj"],"feedforward_modules":[]}""" },
    };

    public void Dispose()
    {
        _environment.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    public async Task An_adapter_of_a_part_finds_its_rows(string kind, string config)
    {
        var plain = await ScoreAsync("LlamaForCausalLM", kind: null, "");
        Assert.Equal(plain, await ScoreAsync("Phi3ForCausalLM", kind: null, ""), Close);

        var adapted = await ScoreAsync("LlamaForCausalLM", kind, config);

        Assert.Equal(adapted, await ScoreAsync("Phi3ForCausalLM", kind, config), Close);
        Assert.NotEqual(plain, adapted, Close);
    }

    [Fact]
    public async Task The_input_of_a_part_cannot_be_changed_alone()
    {
        var error = await Assert.ThrowsAsync<AdapterStoreException>(
            () => ScoreAsync("Phi3ForCausalLM", "ia3-input", """{"peft_type":"IA3","target_modules":["q_proj"],"feedforward_modules":["q_proj"]}"""));
        Assert.Equal("fused_input", error.Code);
    }

    private static bool Close(float[] first, float[] second) => first.Length == second.Length && first.Zip(second).All(pair => Math.Abs(pair.First - pair.Second) < Tolerance);

    private async Task<float[]> ScoreAsync(string architecture, string? kind, string config)
    {
        var checkpoint = new TinyCheckpoint().Fill();
        checkpoint.Config["architectures"] = new JsonArray(architecture);
        if (architecture == "Phi3ForCausalLM")
        {
            checkpoint.Fuse();
        }

        checkpoint.Write(_folder.In(architecture));
        var model = await new ModelImporter().ImportAsync(_folder.In(architecture), _folder.In("cache"), cancellation: TestContext.Current.CancellationToken);
        using var storage = AdapterStorage.Open(new AdapterStoreOptions { DataDirectory = _folder.In(Guid.NewGuid().ToString()) }, model.Base);
        var adapter = kind is null ? null : await UploadAsync(storage, kind, config);
        await using var engine = EngineHost.Start(_environment, model, new EngineOptions());
        return await ScoreAsync(engine, adapter);
    }

    private static async Task<float[]> ScoreAsync(EngineHost engine, AdapterLease? adapter)
    {
        var generation = engine.Client.Submit(new GenerationRequest
        {
            Tenant = "default", PromptTokens = s_prompt, Adapter = adapter, MaxTokens = 1, Sampling = SamplingParameters.Greedy, LogProbs = 0, PromptLogProbs = 0,
        });
        await generation.EndAsync();

        return [.. Enumerable.Range(1, s_prompt.Length - 1).Select(i => generation.PromptLogProbs![i]), generation.LogProbs![0]];
    }

    private static async Task<AdapterLease> UploadAsync(AdapterStorage storage, string kind, string config)
    {
        await TestUploads.PutAsync(storage, "part", ("adapter_config.json", Encoding.UTF8.GetBytes(config)), ("adapter_model.safetensors", Tensors(kind, config)));
        return await storage.Cache.AcquireAsync(storage.Catalog.Resolve(TestUploads.Tenant, "part"), TestContext.Current.CancellationToken);
    }

    private static byte[] Tensors(string kind, string config)
    {
        var targets = new[] { ("self_attn.q_proj", 12, 18), ("self_attn.k_proj", 12, 6), ("self_attn.v_proj", 12, 6), ("self_attn.o_proj", 18, 12), ("mlp.gate_proj", 12, 20), ("mlp.up_proj", 12, 20), ("mlp.down_proj", 20, 12) }
            .Where(target => config.Contains(target.Item1[(target.Item1.IndexOf('.', StringComparison.Ordinal) + 1)..], StringComparison.Ordinal));
        var entries = Enumerable.Range(0, 2).SelectMany(layer => targets.SelectMany(target => Parts(kind, $"{Root}{layer}.{target.Item1}.", target.Item2, target.Item3))).ToList();
        using var stream = new MemoryStream();
        var writer = new SafetensorsWriter(stream, entries.Select(entry => new SafetensorsEntry(entry.Name, SafetensorsType.F32, ImmutableArray.Create(entry.Shape))));
        var random = new Random(7);
        foreach (var (name, shape) in entries)
        {
            var (low, high) = name.Contains("lora_B", StringComparison.Ordinal) ? (-0.2, 0.2) : (0.4, 1.2);
            writer.Write([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (product, size) => product * size)).Select(_ => (float)(low + ((high - low) * random.NextDouble())))]);
        }

        writer.Complete();
        return stream.ToArray();
    }

    private static IEnumerable<(string Name, long[] Shape)> Parts(string kind, string at, long input, long output)
    {
        if (kind.StartsWith("ia3", StringComparison.Ordinal))
        {
            yield return (at + "ia3_l", kind == "ia3" ? [output, 1] : [1, input]);
            yield break;
        }

        yield return (at + "lora_A.weight", [2, input]);
        yield return (at + "lora_B.weight", [output, 2]);
        if (kind == "dora")
        {
            yield return (at + "lora_magnitude_vector", [output]);
        }
    }
}
