using System.Collections.Immutable;
using System.Runtime.InteropServices;
using AdapterServe.Engine.Models.Weights;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// <b>Semantics</b>: columns [First, First + Count) of a weight as its rows. <b>Shapes</b>: the tensor is f32 [in, out]; what is written is [Count,
/// in].
/// </summary>
internal sealed record TransposedColumns(OnnxTensor Tensor, int First, int Count)
{
    private const int BlockBytes = 1 << 22;

    public static PlannedWeight Plan(string name, ImmutableArray<TransposedColumns> parts) =>
        PlannedWeight.Written(name, parts[0].Tensor.Type, [parts.Sum(part => part.Count), parts[0].Tensor.Shape[0]], new Source(parts));

    private void Write(Stream stream, CancellationToken cancellation)
    {
        var (rows, width) = ((int)Tensor.Shape[0], (int)Tensor.Shape[1]);
        var columns = Math.Clamp(BlockBytes / sizeof(float) / rows, 1, Count);
        var block = new float[(long)columns * rows];
        for (var column = 0; column < Count; column += columns)
        {
            cancellation.ThrowIfCancellationRequested();
            var taken = Math.Min(columns, Count - column);
            for (var row = 0; row < rows; row++)
            {
                var offset = (((long)row * width) + First + column) * sizeof(float);
                var values = MemoryMarshal.Cast<byte, float>(Tensor.Slice(offset, taken * sizeof(float)));
                for (var i = 0; i < taken; i++)
                {
                    block[(i * rows) + row] = values[i];
                }
            }

            stream.Write(MemoryMarshal.AsBytes(block.AsSpan(0, taken * rows)));
        }
    }

    private sealed class Source(ImmutableArray<TransposedColumns> parts) : IWeightSource
    {
        public void Write(Stream stream, CancellationToken cancellation)
        {
            foreach (var part in parts)
            {
                part.Write(stream, cancellation);
            }
        }
    }
}
