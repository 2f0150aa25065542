using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Formats.OnnxAdapter;

/// <summary>A matrix of the file, row-major; the offset counts from the file's start.</summary>
internal sealed record OnnxAdapterParameter(string Name, SafetensorsType DType, long Rows, long Columns, long Offset)
{
    public long Bytes => Rows * Columns * SafetensorsTypes.Bytes(DType);
}
