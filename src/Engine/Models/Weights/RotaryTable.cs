using System.Runtime.InteropServices;
using AdapterServe.Engine.Models.HuggingFace;

namespace AdapterServe.Engine.Models.Weights;

internal sealed class RotaryTable(ModelConfig config, bool isSine) : IWeightSource
{
    public void Write(Stream stream, CancellationToken cancellation)
    {
        var cos = new float[config.HeadSize / 2];
        var sin = new float[cos.Length];
        for (var position = 0; position < config.ContextTokens; position++)
        {
            cancellation.ThrowIfCancellationRequested();
            RotaryTables.FillRow(position, config.RopeTheta, cos, sin);
            stream.Write(MemoryMarshal.AsBytes((isSine ? sin : cos).AsSpan()));
        }
    }
}
