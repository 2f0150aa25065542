using System.Runtime.InteropServices;
using System.Text.Json;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Engine.Tests.Models;

namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>
/// The demo model from an f32 folder of ONNX Runtime GenAI is the demo model: adapters made for the Hugging Face class give what they give there.
/// </summary>
[Trait("Suite", "Goldens")]
public sealed class GenAiGoldenTests(FloatModel demo) : IClassFixture<FloatModel>
{
    private const string Adapter = "pirate-lora";

    public static TheoryData<string> Names => GoldenTests.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_reference_is_reproduced_by_an_adapter_on_the_folder(string name)
    {
        await using var engine = demo.Start(new EngineOptions());
        foreach (var expected in GoldenFile.Read(name).Cases)
        {
            await GoldenRun.CheckAsync(demo, engine, name, expected, scorePrompt: true);
        }
    }

    [Fact]
    public async Task The_sites_are_those_of_the_Hugging_Face_folder()
    {
        using var cache = new TemporaryFolder();
        var original = await new ModelImporter().ImportAsync(RepositoryFiles.DemoModel, cache.Path, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(original.Base.Sites, demo.Model.Base.Sites);
    }

    [Fact]
    public async Task The_base_weights_are_those_of_the_Hugging_Face_folder()
    {
        using var cache = new TemporaryFolder();
        var original = await new ModelImporter().ImportAsync(RepositoryFiles.DemoModel, cache.Path, cancellation: TestContext.Current.CancellationToken);
        foreach (var site in demo.Model.Base.Sites.Where(site => site.Kind != AdapterStore.Models.SiteKind.Sublayer))
        {
            var (expected, actual) = (new float[site.WeightRows * site.WeightColumns], new float[site.WeightRows * site.WeightColumns]);
            original.Base.Weights!.Read(site, expected);
            demo.Model.Base.Weights!.Read(site, actual);
            Assert.Equal(expected, actual);
            if (site.WeightRows > 2)
            {
                demo.Model.Base.Weights!.ReadRows(site, 2, actual.AsSpan(0, site.WeightColumns));
                Assert.Equal(expected.AsSpan(2 * site.WeightColumns, site.WeightColumns).ToArray(), actual[..site.WeightColumns]);
            }
        }
    }

    [Fact]
    public async Task An_ONNX_Runtime_adapter_gives_what_the_original_gives()
    {
        var given = Path.Combine(GoldenFile.Folder, "genai", Adapter + ".onnx_adapter");
        var content = File.Exists(given) ? await File.ReadAllBytesAsync(given, TestContext.Current.CancellationToken) : Converted();
        using var files = demo.Storage.Uploads.Begin();
        using var stream = new MemoryStream(content);
        await files.AddAsync(Adapter + ".onnx_adapter", stream, TestContext.Current.CancellationToken);
        await demo.Storage.Uploads.PutAsync("default", "converted", files, null, TestContext.Current.CancellationToken);

        await using var engine = demo.Start(new EngineOptions());
        foreach (var expected in GoldenFile.Read(Adapter).Cases)
        {
            var lease = await demo.Storage.Cache.AcquireAsync(demo.Storage.Catalog.Resolve("default", "converted"), TestContext.Current.CancellationToken);
            await GoldenRun.CheckAsync(engine, "converted", lease, expected, scorePrompt: true);
        }
    }

    /// <summary>PEFT's file as <c>olive convert-adapters</c> writes it: factors transposed, the scale a part of B.</summary>
    private static byte[] Converted()
    {
        var folder = Path.Combine(GoldenFile.Folder, "adapters", Adapter);
        var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "adapter_config.json"))).RootElement;
        var scale = config.GetProperty("lora_alpha").GetSingle() / config.GetProperty("r").GetSingle();
        var adapter = new OnnxAdapterBytes();
        using var file = SafetensorsFile.Open(Path.Combine(folder, "adapter_model.safetensors"));
        foreach (var tensor in file.Tensors.Values)
        {
            var (rows, columns) = ((int)tensor.Shape[0], (int)tensor.Shape[1]);
            var (values, transposed) = (new float[tensor.Elements], new float[tensor.Elements]);
            file.CopyToF32(tensor, values);
            for (var i = 0; i < values.Length; i++)
            {
                transposed[(i % columns * rows) + (i / columns)] = values[i] * (tensor.Name.Contains("lora_B", StringComparison.Ordinal) ? scale : 1);
            }

            adapter.Parameters.Add(new OnnxAdapterEntry(tensor.Name.Replace("base_model.model.", "", StringComparison.Ordinal), [columns, rows], 1, MemoryMarshal.AsBytes(transposed.AsSpan()).ToArray()));
        }

        return adapter.ToArray();
    }
}
