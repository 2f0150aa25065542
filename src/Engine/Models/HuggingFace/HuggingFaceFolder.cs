using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Models.HuggingFace;

/// <summary>A folder with <c>config.json</c> and safetensors files.</summary>
internal sealed class HuggingFaceFolder : IModelFolder
{
    private readonly string _folder;
    private readonly ModelConfig _config;
    private readonly CheckpointTensors _checkpoint;
    private readonly ImmutableArray<Site> _sites;

    private HuggingFaceFolder(string folder, ModelConfig config, CheckpointTensors checkpoint)
    {
        (_folder, _config, _checkpoint) = (folder, config, checkpoint);
        _sites = LlamaSites.Of(config);
    }

    public IEnumerable<string> Files
    {
        get
        {
            var generation = Path.Combine(_folder, ModelConfigReader.GenerationFile);
            string[] settings = [Path.Combine(_folder, ModelConfigReader.ConfigFile), .. File.Exists(generation) ? [generation] : Array.Empty<string>()];
            return settings.Concat(_checkpoint.Paths);
        }
    }

    public string Variant => "f32";

    public ModelShape Shape => new()
    {
        Layers = _config.Layers,
        HiddenSize = _config.HiddenSize,
        Heads = _config.Heads,
        KvHeads = _config.KvHeads,
        HeadSize = _config.HeadSize,
        VocabularySize = _config.VocabularySize,
        ContextTokens = _config.ContextTokens,
        EosTokenIds = _config.EosTokenIds,
        BosTokenId = _config.BosTokenId,
    };

    public IEnumerable<PlannedWeight> Weights
    {
        get
        {
            foreach (var expected in LlamaTensors.Expected(_config))
            {
                yield return Planned(expected, _checkpoint.Tensors[expected.Name]);
            }

            ImmutableArray<long> table = [_config.ContextTokens, _config.HeadSize / 2];
            yield return PlannedWeight.Written(GraphNames.CosTable, ElementType.Float32, table, new RotaryTable(_config, isSine: false));
            yield return PlannedWeight.Written(GraphNames.SinTable, ElementType.Float32, table, new RotaryTable(_config, isSine: true));
        }
    }

    public static HuggingFaceFolder Open(string folder)
    {
        var config = ModelConfigReader.Read(folder);
        var checkpoint = CheckpointTensors.Open(folder);
        try
        {
            LlamaTensors.Check(config, checkpoint);
            return new HuggingFaceFolder(folder, config, checkpoint);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    public BaseModel Describe(string id, string fingerprint, ImmutableArray<WeightReference> weights) => new(id, fingerprint, _sites)
    {
        Weights = new MappedBaseWeights(weights, _config.NormEpsilon),
        HeadSize = _config.HeadSize,
        HasTiedEmbeddings = _config.TiedEmbeddings,
    };

    public ModelProto BuildGraph(ImmutableArray<WeightReference> weights) => LlamaGraph.Build(_config, _sites, weights);

    public void Dispose() => _checkpoint.Dispose();

    /// <summary>f32 at a multiple of 4 bytes serves as it is.</summary>
    private static PlannedWeight Planned(ExpectedTensor expected, CheckpointTensor source) =>
        source.Tensor.DType == SafetensorsType.F32 && source.Tensor.Offset % sizeof(float) == 0
            ? PlannedWeight.Mapped(expected.Name, ElementType.Float32, expected.Shape, new FilePlace(source.File.Mapped.Path, source.Tensor.Offset))
            : PlannedWeight.Written(expected.Name, ElementType.Float32, expected.Shape, new ConvertedTensor(source));
}
