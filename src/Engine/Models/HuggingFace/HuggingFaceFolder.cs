using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.Decoders;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Models.HuggingFace;

/// <summary>A folder with <c>config.json</c> and safetensors files.</summary>
internal sealed class HuggingFaceFolder : IModelFolder
{
    private readonly string _folder;
    private readonly DecoderModel _model;
    private readonly EndTokens _ends;
    private readonly CheckpointTensors _checkpoint;
    private readonly ImmutableArray<Site> _sites;

    private HuggingFaceFolder(string folder, DecoderModel model, EndTokens ends, CheckpointTensors checkpoint)
    {
        (_folder, _model, _ends, _checkpoint) = (folder, model, ends, checkpoint);
        _sites = DecoderSites.Of(model);
    }

    public IEnumerable<string> Files
    {
        get
        {
            var generation = Path.Combine(_folder, EndTokens.GenerationFile);
            string[] settings = [Path.Combine(_folder, ModelConfigReader.ConfigFile), .. File.Exists(generation) ? [generation] : Array.Empty<string>()];
            return settings.Concat(_checkpoint.Paths);
        }
    }

    public string Variant => "f32";

    public ModelShape Shape => new()
    {
        Layers = _model.Layers.Length,
        HiddenSize = _model.HiddenSize,
        Heads = _model.Heads,
        KvHeads = _model.KvHeads,
        HeadSize = _model.HeadSize,
        VocabularySize = _model.VocabularySize,
        ContextTokens = _model.ContextTokens,
        LogitSoftCap = _model.LogitSoftCap,
        LearnedPositions = _model.PositionEmbedding is not null,
        LongRotation = _model.Rotaries is [{ LongFrequencies: not null } rotary] ? new LongRotation(rotary.LongFrom, _model.ContextTokens) : null,
        EosTokenIds = _ends.Eos,
        BosTokenId = _ends.Bos,
    };

    public IEnumerable<PlannedWeight> Weights => DecoderTensors.Of(_model).Select(Planned).Concat(_model.Rotaries.SelectMany(RotaryTables));

    public static HuggingFaceFolder Open(string folder)
    {
        var (model, ends) = ModelConfigReader.Read(folder);
        var checkpoint = CheckpointTensors.Open(folder);
        try
        {
            checkpoint.CompleteNames(model.EmbeddingWeight);
            CheckpointCheck.Require(model, checkpoint);
            return new HuggingFaceFolder(folder, model, ends, checkpoint);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    public BaseModel Describe(string id, string fingerprint, ImmutableArray<WeightReference> weights) => new(id, fingerprint, _sites)
    {
        Weights = new MappedBaseWeights(weights, _model),
        Layers = _model.Layers.Length,
        HeadSize = _model.HeadSize,
        KvHeads = _model.KvHeads,
        HasTiedEmbeddings = _model.TiedEmbeddings,
    };

    public ModelProto BuildGraph(ImmutableArray<WeightReference> weights) => DecoderGraph.Build(_model, _sites, weights);

    public void Dispose() => _checkpoint.Dispose();

    /// <summary>f32 at a multiple of 4 bytes serves as it is.</summary>
    private PlannedWeight Planned(ModelTensor tensor)
    {
        var source = _checkpoint.Tensors[tensor.Name];
        return source.Tensor.DType == SafetensorsType.F32 && source.Tensor.Offset % sizeof(float) == 0 && tensor.Added == 0
            ? PlannedWeight.Mapped(tensor.Name, ElementType.Float32, tensor.Shape, new FilePlace(source.File.Mapped.Path, source.Tensor.Offset))
            : PlannedWeight.Written(tensor.Name, ElementType.Float32, tensor.Shape, new ConvertedTensor(source, tensor.Added));
    }

    private IEnumerable<PlannedWeight> RotaryTables(RotaryEmbedding rotary, int index)
    {
        ImmutableArray<long> shape = [rotary.TableRows(_model.ContextTokens), rotary.TableWidth];
        yield return PlannedWeight.Written(GraphNames.CosTable(index), ElementType.Float32, shape, new RotaryTable(rotary, _model.ContextTokens, Math.Cos));
        yield return PlannedWeight.Written(GraphNames.SinTable(index), ElementType.Float32, shape, new RotaryTable(rotary, _model.ContextTokens, Math.Sin));
    }
}
