using System.Runtime.InteropServices;
using AdapterServe.Engine.Models.HuggingFace;
using AdapterServe.Kernels.Cpu;

namespace AdapterServe.Engine.Models.Weights;

/// <summary>
/// A checkpoint's matrix, rounded to blocks of integers while it is written: once through the file, a few MiB at a time. The scales wait in memory until their
/// turn, which is next.
/// <b>Errors</b>: <see cref="ModelImportException"/>, code <c>weights_not_finite</c>.
/// </summary>
internal sealed class QuantizedMatrix(CheckpointTensor tensor, BlockedWeight weight, bool isTransposed)
{
    private const int ChunkElements = 1 << 21;
    private readonly Queue<float[]> _scales = [];
    private bool _isInfinite;

    public IWeightSource Codes => new Source(WriteCodes);

    public IWeightSource Scales => new Source(WriteScales);

    private void WriteCodes(Stream stream, CancellationToken cancellation)
    {
        _scales.Clear();
        var rows = Math.Clamp(ChunkElements / weight.Columns, 1, weight.Rows);
        var values = new float[rows * weight.Columns];
        var codes = new byte[rows * weight.Format.RowBytes(weight.Columns)];
        for (var first = 0; first < weight.Rows; first += rows)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = Math.Min(rows, weight.Rows - first);
            var scales = new float[count * weight.Format.Blocks(weight.Columns)];
            Read(first, values.AsSpan(0, count * weight.Columns));
            Quantize(values, codes, scales, count);
            stream.Write(codes.AsSpan(0, (int)(count * weight.Format.RowBytes(weight.Columns))));
            _scales.Enqueue(scales);
        }

        tensor.File.Release(tensor.Tensor);
    }

    private void WriteScales(Stream stream, CancellationToken cancellation)
    {
        while (_scales.TryDequeue(out var scales))
        {
            cancellation.ThrowIfCancellationRequested();
            stream.Write(MemoryMarshal.AsBytes(scales.AsSpan()));
        }
    }

    private void Quantize(float[] values, byte[] codes, float[] scales, int rows)
    {
        var (format, columns) = (weight.Format, weight.Columns);
        var (rowBytes, blocks) = ((int)format.RowBytes(columns), format.Blocks(columns));
        var parts = Math.Min(Environment.ProcessorCount, rows);
        Parallel.For(0, parts, part =>
        {
            var (from, to) = ((int)((long)rows * part / parts), (int)((long)rows * (part + 1) / parts));
            var count = to - from;
            var isFinite = BlockQuantizer.TryQuantize(
                format,
                columns,
                values.AsSpan(from * columns, count * columns),
                codes.AsSpan(from * rowBytes, count * rowBytes),
                scales.AsSpan(from * blocks, count * blocks));
            if (!isFinite)
            {
                Volatile.Write(ref _isInfinite, true);
            }
        });
        if (_isInfinite)
        {
            throw new ModelImportException(
                "weights_not_finite", $"'{tensor.Tensor.Name}' holds infinities or what is not a number, which have no integer; serve the model with f32 weights.");
        }
    }

    private void Read(int firstRow, Span<float> rows)
    {
        if (!isTransposed)
        {
            tensor.File.CopyToF32(tensor.Tensor, (long)firstRow * weight.Columns, rows);
            tensor.File.Release(tensor.Tensor, (long)firstRow * weight.Columns, rows.Length);
            return;
        }

        var count = rows.Length / weight.Columns;
        var slice = new float[count];
        for (var column = 0; column < weight.Columns; column++)
        {
            tensor.File.CopyToF32(tensor.Tensor, ((long)column * weight.Rows) + firstRow, slice);
            for (var row = 0; row < count; row++)
            {
                rows[(row * weight.Columns) + column] = slice[row];
            }
        }
    }

    private sealed class Source(Action<Stream, CancellationToken> write) : IWeightSource
    {
        public void Write(Stream stream, CancellationToken cancellation) => write(stream, cancellation);
    }
}
