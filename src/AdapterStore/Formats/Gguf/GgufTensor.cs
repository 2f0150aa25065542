using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Formats.Gguf;

/// <summary>A matrix of the file, row-major: <paramref name="Rows"/> outer, <paramref name="Columns"/> inner; the offset counts from the file's start.</summary>
internal sealed record GgufTensor(string Name, SafetensorsType DType, long Rows, long Columns, long Offset)
{
    public long Bytes => Rows * Columns * SafetensorsTypes.Bytes(DType);
}
