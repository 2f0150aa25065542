using System.Runtime.InteropServices;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.HuggingFace;

namespace AdapterServe.Engine.Models.Cache;

/// <summary>Writes the converted weights of a plan front to back, a few MiB in memory at a time.</summary>
internal static class WeightConverter
{
    private const int ChunkElements = 1 << 20;

    public static void Write(WeightPlan plan, ModelConfig config, Stream stream, IProgress<ImportProgress>? progress, CancellationToken cancellation)
    {
        var buffer = new float[ChunkElements];
        var total = plan.Converted.Count();
        var done = 0L;
        foreach (var weight in plan.Converted)
        {
            progress?.Report(new ImportProgress(ImportStage.Converting, done++, total));
            stream.Position = weight.Offset;
            if (weight.Source is { } source)
            {
                WriteTensor(source, buffer, stream, cancellation);
            }
            else
            {
                WriteTable(weight, config, stream, cancellation);
            }
        }

        stream.SetLength(plan.ConvertedBytes);
        progress?.Report(new ImportProgress(ImportStage.Converting, done, total));
    }

    private static void WriteTensor(CheckpointTensor source, float[] buffer, Stream stream, CancellationToken cancellation)
    {
        for (var first = 0L; first < source.Tensor.Elements; first += buffer.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            var chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, source.Tensor.Elements - first));
            source.File.CopyToF32(source.Tensor, first, chunk);
            stream.Write(MemoryMarshal.AsBytes(chunk));
        }
    }

    private static void WriteTable(PlannedWeight table, ModelConfig config, Stream stream, CancellationToken cancellation)
    {
        var cos = new float[config.HeadSize / 2];
        var sin = new float[cos.Length];
        var row = table.Name == GraphNames.CosTable ? cos : sin;
        for (var position = 0; position < config.ContextTokens; position++)
        {
            cancellation.ThrowIfCancellationRequested();
            RotaryTables.FillRow(position, config.RopeTheta, cos, sin);
            stream.Write(MemoryMarshal.AsBytes(row.AsSpan()));
        }
    }
}
