using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Formats.Safetensors;

/// <summary>A tensor that a <see cref="SafetensorsWriter"/> is about to write.</summary>
public sealed record SafetensorsEntry(string Name, SafetensorsType DType, ImmutableArray<long> Shape)
{
    internal long Elements => Shape.Aggregate(1L, (product, size) => checked(product * size));

    internal long Bytes => checked(Elements * SafetensorsTypes.Bytes(DType));
}
