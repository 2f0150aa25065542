using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.HuggingFace;

namespace AdapterServe.Engine.Models.Cache;

/// <summary>
/// Decides for each initializer whether the checkpoint's bytes are mapped as they are (f32, at a multiple of 4 bytes) or converted once.
/// A pure function of configuration and file headers, so that a cached import needs no list of its own.
/// <b>Layout</b>: converted tensors begin at multiples of 64 bytes.
/// </summary>
internal sealed class WeightPlan
{
    public const string ConvertedFile = "weights.f32";

    private const long Alignment = 64;

    private WeightPlan(ImmutableArray<PlannedWeight> weights, long convertedBytes)
    {
        Weights = weights;
        ConvertedBytes = convertedBytes;
    }

    public ImmutableArray<PlannedWeight> Weights { get; }

    public IEnumerable<PlannedWeight> Converted => Weights.Where(weight => !weight.Mapped);

    public long ConvertedBytes { get; }

    public static WeightPlan Make(ModelConfig config, CheckpointTensors checkpoint)
    {
        var weights = ImmutableArray.CreateBuilder<PlannedWeight>();
        var end = 0L;
        foreach (var expected in LlamaTensors.Expected(config))
        {
            Add(expected.Name, expected.Shape, checkpoint.Tensors[expected.Name]);
        }

        ImmutableArray<long> table = [config.ContextTokens, config.HeadSize / 2];
        Add(GraphNames.CosTable, table, null);
        Add(GraphNames.SinTable, table, null);
        return new WeightPlan(weights.ToImmutable(), end);

        void Add(string name, ImmutableArray<long> shape, CheckpointTensor? source)
        {
            var mapped = source is { Tensor.DType: SafetensorsType.F32 } && source.Tensor.Offset % sizeof(float) == 0;
            var weight = new PlannedWeight(name, shape, source, mapped, mapped ? 0 : end);
            weights.Add(weight);
            end += mapped ? 0 : (weight.Bytes + Alignment - 1) / Alignment * Alignment;
        }
    }

    public ImmutableArray<WeightReference> References(string importFolder)
    {
        var converted = Path.Combine(importFolder, ConvertedFile);
        return
        [
            .. Weights.Select(weight => weight is { Mapped: true, Source: { } source }
                ? new WeightReference(weight.Name, source.File.Mapped.Path, source.Tensor.Offset, weight.Bytes, weight.Shape)
                : new WeightReference(weight.Name, converted, weight.Offset, weight.Bytes, weight.Shape)),
        ];
    }
}
