using System.Runtime.InteropServices;
using AdapterServe.Engine.Models.HuggingFace;

namespace AdapterServe.Engine.Models.Weights;

/// <summary><b>Semantics</b>: a checkpoint's tensor as f32, plus <paramref name="added"/>: 1 where a norm multiplies by 1 + w.</summary>
internal sealed class ConvertedTensor(CheckpointTensor tensor, float added = 0) : IWeightSource
{
    private const int ChunkElements = 1 << 20;

    public void Write(Stream stream, CancellationToken cancellation)
    {
        var (file, source) = tensor;
        var buffer = new float[Math.Min(ChunkElements, source.Elements)];
        for (var first = 0L; first < source.Elements; first += buffer.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            var chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, source.Elements - first));
            file.CopyToF32(source, first, chunk);
            file.Release(source, first, chunk.Length);
            for (var i = 0; added != 0 && i < chunk.Length; i++)
            {
                chunk[i] += added;
            }

            stream.Write(MemoryMarshal.AsBytes(chunk));
        }
    }
}
