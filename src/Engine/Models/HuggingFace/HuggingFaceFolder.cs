using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.Decoders;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.HuggingFace.Quantized;
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
    private readonly HeldWeights _held;

    private HuggingFaceFolder(string folder, DecoderModel model, EndTokens ends, CheckpointTensors checkpoint, HeldWeights held)
    {
        (_folder, _model, _ends, _checkpoint, _held) = (folder, model, ends, checkpoint, held);
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

    public string Variant => _held.Variant;

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

    public IEnumerable<PlannedWeight> Weights => _held.Plan().Concat(_model.Rotaries.SelectMany(RotaryTables));

    public static HuggingFaceFolder Open(string folder, ImportOptions options)
    {
        var (model, ends, packing) = ModelConfigReader.Read(folder);
        var checkpoint = CheckpointTensors.Open(folder);
        try
        {
            checkpoint.CompleteNames(model.EmbeddingWeight);
            var packed = PackedLinears.Find(ref model, packing, checkpoint);
            CheckpointCheck.Require(model, checkpoint, packed);
            return new HuggingFaceFolder(folder, model, ends, checkpoint, new HeldWeights(model, checkpoint, packed, options));
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    public BaseModel Describe(string id, string fingerprint, ImmutableArray<WeightReference> weights) => new(id, fingerprint, _sites)
    {
        Weights = new MappedBaseWeights(weights, _model, _held.Blocked),
        Layers = _model.Layers.Length,
        HeadSize = _model.HeadSize,
        KvHeads = _model.KvHeads,
        HasTiedEmbeddings = _model.TiedEmbeddings,
    };

    public ModelProto BuildGraph(ImmutableArray<WeightReference> weights) => DecoderGraph.Build(_model, _sites, weights, _held.Blocked);

    public void Dispose() => _checkpoint.Dispose();

    private IEnumerable<PlannedWeight> RotaryTables(RotaryEmbedding rotary, int index)
    {
        ImmutableArray<long> shape = [rotary.TableRows(_model.ContextTokens), rotary.TableWidth];
        yield return PlannedWeight.Written(GraphNames.CosTable(index), ElementType.Float32, shape, new RotaryTable(rotary, _model.ContextTokens, Math.Cos));
        yield return PlannedWeight.Written(GraphNames.SinTable(index), ElementType.Float32, shape, new RotaryTable(rotary, _model.ContextTokens, Math.Sin));
    }
}
