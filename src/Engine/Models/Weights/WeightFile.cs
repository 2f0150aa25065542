using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AdapterServe.Engine.Models.Weights;

/// <summary>The file of an initializer, open for reading. <b>Errors</b>: <see cref="IOException"/> and its kin.</summary>
internal sealed class WeightFile(WeightReference weight) : IDisposable
{
    private readonly SafeFileHandle _file = File.OpenHandle(weight.Path);

    public void Read<T>(long firstElement, Span<T> destination)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(destination);
        var start = weight.Offset + (firstElement * Marshal.SizeOf<T>());
        for (var done = 0; done < bytes.Length;)
        {
            var read = RandomAccess.Read(_file, bytes[done..], start + done);
            done += read > 0 ? read : throw new EndOfStreamException($"'{weight.Path}' was cut short after the import.");
        }
    }

    public T[] ReadRows<T>(int firstRow, int rows, long rowElements)
        where T : unmanaged
    {
        var destination = new T[rows * rowElements];
        Read(firstRow * rowElements, destination.AsSpan());
        return destination;
    }

    public void Dispose() => _file.Dispose();
}
