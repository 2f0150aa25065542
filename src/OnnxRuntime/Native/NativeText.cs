using System.Runtime.InteropServices;
using System.Text;

namespace AdapterServe.OnnxRuntime.Native;

/// <summary>
/// <b>Semantics</b>: a zero-terminated UTF-8 copy of a string for the length of a call. <b>Effects</b>: native memory only, freed by <see cref="Dispose"/>.
/// <b>Errors</b>: text that itself contains a zero character is refused, as the native side would see a shorter name.
/// </summary>
internal readonly unsafe ref struct NativeText : IDisposable
{
    private readonly byte* _bytes;

    public NativeText(string text) => _bytes = Allocate(text);

    public byte* Pointer => _bytes;

    public static byte* Allocate(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Contains('\0'))
        {
            throw new ArgumentException("A name for ONNX Runtime must not contain a zero character.", nameof(text));
        }

        var count = Encoding.UTF8.GetByteCount(text);
        var bytes = (byte*)NativeMemory.Alloc((nuint)count + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(bytes, count));
        bytes[count] = 0;
        return bytes;
    }

    public void Dispose() => NativeMemory.Free(_bytes);
}
