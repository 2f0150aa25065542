using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace AdapterServe.Engine.Models.Weights;

/// <summary>Numbers that are known.</summary>
internal sealed class ConstantWeight(ImmutableArray<int> values) : IWeightSource
{
    public void Write(Stream stream, CancellationToken cancellation) => stream.Write(MemoryMarshal.AsBytes(values.AsSpan()));
}
