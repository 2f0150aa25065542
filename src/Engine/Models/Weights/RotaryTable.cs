using System.Collections.Immutable;
using System.Runtime.InteropServices;
using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.Weights;

/// <summary>
/// The cosines or sines of a rotation, computed in f64 and rounded once. <b>Shapes</b>: [<see cref="RotaryEmbedding.TableRows"/>, D/2], row-major.
/// </summary>
internal sealed class RotaryTable(RotaryEmbedding rotary, int contextTokens, Func<double, double> function) : IWeightSource
{
    public void Write(Stream stream, CancellationToken cancellation)
    {
        Write(rotary.Frequencies, stream, cancellation);
        if (rotary.LongFrequencies is { } longFrequencies)
        {
            Write(longFrequencies, stream, cancellation);
        }
    }

    private void Write(ImmutableArray<double> frequencies, Stream stream, CancellationToken cancellation)
    {
        var row = new float[frequencies.Length];
        for (var position = 0; position < contextTokens; position++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = (float)(function(position * frequencies[i]) * rotary.Magnitude);
            }

            stream.Write(MemoryMarshal.AsBytes(row.AsSpan()));
        }
    }
}
