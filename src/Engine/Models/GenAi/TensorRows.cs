using System.Collections.Immutable;
using AdapterServe.Engine.Models.Weights;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// Rows [First, First + Count) of a tensor whose first dimension is rows. <b>Layout</b>: as it is stored, so that a session may map them.
/// </summary>
internal sealed record TensorRows(OnnxTensor Tensor, long First, long Count)
{
    private const int ChunkBytes = 1 << 22;

    private long RowBytes => Tensor.Bytes / Tensor.Shape[0];

    public static TensorRows All(OnnxTensor tensor) => new(tensor, 0, tensor.Shape[0]);

    /// <summary>
    /// The rows of all parts as one initializer: mapped where it is one part that lies right, otherwise written one part after the other.
    /// </summary>
    public static PlannedWeight Plan(string name, ImmutableArray<TensorRows> parts, ImmutableArray<long> shape) =>
        parts.Length == 1 && parts[0].Tensor.PlaceAt(parts[0].First * parts[0].RowBytes) is { } place
            ? PlannedWeight.Mapped(name, parts[0].Tensor.Type, shape, place)
            : PlannedWeight.Written(name, parts[0].Tensor.Type, shape, new Copy(parts));

    private void Write(Stream stream, CancellationToken cancellation)
    {
        for (long done = First * RowBytes, end = done + (Count * RowBytes); done < end;)
        {
            cancellation.ThrowIfCancellationRequested();
            var chunk = Tensor.Slice(done, (int)Math.Min(ChunkBytes, end - done));
            stream.Write(chunk);
            done += chunk.Length;
        }
    }

    private sealed class Copy(ImmutableArray<TensorRows> parts) : IWeightSource
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
