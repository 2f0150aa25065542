using System.Collections.Frozen;
using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Engine.Models.Decoders;
using AdapterServe.Engine.Models.HuggingFace.Quantized;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Weights;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Models.HuggingFace;

/// <summary>
/// In which form the graph holds each tensor of a checkpoint: as f32, in blocks that are made here, or in the blocks in which it came.
/// </summary>
internal sealed class HeldWeights
{
    /// <summary>Part of the import's digest: other rounding must not find what this one wrote.</summary>
    private const string Rounding = "blocks-1";
    private const int BlockSize = 32;

    private readonly DecoderModel _model;
    private readonly CheckpointTensors _checkpoint;
    private readonly PackedLinears _packed;
    private readonly ImportOptions _options;

    public HeldWeights(DecoderModel model, CheckpointTensors checkpoint, PackedLinears packed, ImportOptions options)
    {
        (_model, _checkpoint, _packed, _options) = (model, checkpoint, packed, options);
        Blocked = DecoderTensors.Of(model).Select(Block).OfType<BlockedWeight>().ToFrozenDictionary(weight => weight.Name, StringComparer.Ordinal);
    }

    /// <summary>The matrices that are held in blocks, by name.</summary>
    public FrozenDictionary<string, BlockedWeight> Blocked { get; }

    public string Variant => Blocked.Count == 0
        ? "f32"
        : $"{_options.Weights} {_options.OfEmbedding} {Rounding}{(Blocked.Values.Any(weight => weight.IsTiled) ? " tiles" : "")}";

    public IEnumerable<PlannedWeight> Plan() => DecoderTensors.Of(_model).SelectMany(Plan);

    private WeightFormat FormatOf(ModelTensor tensor)
    {
        if (tensor.Name == _model.EmbeddingWeight || tensor.Name == _model.HeadWeight)
        {
            return _options.OfEmbedding;
        }

        return tensor.Linear is null || tensor.Name != tensor.Linear.Weight ? WeightFormat.F32 : _options.Weights;
    }

    private BlockedWeight? Block(ModelTensor tensor)
    {
        var format = FormatOf(tensor);
        if (format == WeightFormat.F32)
        {
            return null;
        }

        if (_packed.Find(tensor.Name) is { } packed)
        {
            return new BlockedWeight(tensor.Name, packed.Rows, packed.Columns, packed.Format)
            {
                HasZeroPoints = true, Order = packed.Order, IsTiled = IsTiled(packed.Format),
            };
        }

        var (rows, columns) = tensor.Linear is { } linear ? (linear.Out, linear.In) : ((int)tensor.Shape[0], (int)tensor.Shape[1]);
        var isEmbedding = tensor.Name == _model.EmbeddingWeight;
        var blocks = new BlockFormat(format == WeightFormat.Int4 ? 4 : 8, BlockSize);
        return new BlockedWeight(tensor.Name, rows, columns, blocks)
        {
            IsTiled = !isEmbedding && IsTiled(blocks),
            IsMultiplied = !isEmbedding || _model.TiedEmbeddings,
            IsGathered = isEmbedding,
        };
    }

    /// <summary>Ours is the faster product for 4 bits, where the machine has what it needs.</summary>
    private static bool IsTiled(BlockFormat format) => BlockQuantizedProduct.IsPreferred && BlockProductLayout.Holds(format);

    private IEnumerable<PlannedWeight> Plan(ModelTensor tensor)
    {
        var blocked = Blocked.GetValueOrDefault(tensor.Name);
        if (_packed.Find(tensor.Name) is { } packed)
        {
            return blocked is null
                ? [PlannedWeight.Written(tensor.Name, ElementType.Float32, tensor.Shape, PackedLinearWeights.Dequantized(packed))]
                : blocked.Plan(PackedLinearWeights.Codes(packed), PackedLinearWeights.Scales(packed), PackedLinearWeights.ZeroPoints(packed));
        }

        var source = _checkpoint.Tensors[tensor.Name];
        if (blocked is null)
        {
            return [PlanFloat(tensor, source)];
        }

        var matrix = new QuantizedMatrix(source, blocked, tensor.Linear?.IsTransposed ?? false);
        return blocked.Plan(matrix.Codes, matrix.Scales);
    }

    /// <summary>f32 at a multiple of 4 bytes serves as it is.</summary>
    private static PlannedWeight PlanFloat(ModelTensor tensor, CheckpointTensor source) =>
        source.Tensor.DType == SafetensorsType.F32 && source.Tensor.Offset % sizeof(float) == 0 && tensor.Added == 0
            ? PlannedWeight.Mapped(tensor.Name, ElementType.Float32, tensor.Shape, new FilePlace(source.File.Mapped.Path, source.Tensor.Offset))
            : PlannedWeight.Written(tensor.Name, ElementType.Float32, tensor.Shape, new ConvertedTensor(source, tensor.Added));
}
