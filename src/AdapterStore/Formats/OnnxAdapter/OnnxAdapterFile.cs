using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.OnnxAdapter;

/// <summary>
/// The parameters of an <c>.onnx_adapter</c> file, checked in full: each a matrix inside of the file, all of them together no larger than it.
/// <b>Layout</b>: FlatBuffers with the identifier TORT; Adapter (format version, adapter version, model version, parameters); Parameter (name,
/// sizes, type, data).
/// <b>Errors</b>: Malformed <c>onnx_adapter_…</c>, one for each way; Unservable <c>dtype</c>. <b>Source</b>: ONNX Runtime's
/// lora/adapter_format/adapter_schema.fbs.
/// </summary>
internal static class OnnxAdapterFile
{
    private const int FormatVersion = 1;
    private const int MaxParameters = 1 << 16;
    private const int ParametersField = 3;

    public static Dictionary<string, OnnxAdapterParameter> Read(MappedFile file)
    {
        var buffer = new FlatBuffer(file);
        if (!buffer.HasIdentifier("TORT"u8))
        {
            throw OnnxAdapterErrors.Identifier();
        }

        var adapter = buffer.Follow(0);
        if (buffer.Number(adapter, 0) is var version && version != FormatVersion)
        {
            throw OnnxAdapterErrors.Version(version);
        }

        var (start, count) = buffer.Vector(adapter, ParametersField, sizeof(uint));
        if (count > MaxParameters)
        {
            throw OnnxAdapterErrors.Count();
        }

        return ReadAll(buffer, start, (int)count, file.Length);
    }

    private static Dictionary<string, OnnxAdapterParameter> ReadAll(FlatBuffer buffer, long start, int count, long fileBytes)
    {
        var parameters = new Dictionary<string, OnnxAdapterParameter>(StringComparer.Ordinal);
        var left = fileBytes;
        for (var i = 0; i < count; i++)
        {
            var parameter = Read(buffer, buffer.Follow(start + (i * sizeof(uint))));
            left -= parameter.Bytes;
            if (left < 0)
            {
                throw OnnxAdapterErrors.Count();
            }

            if (!parameters.TryAdd(parameter.Name, parameter))
            {
                throw OnnxAdapterErrors.Duplicate(parameter.Name);
            }
        }

        return parameters;
    }

    private static OnnxAdapterParameter Read(FlatBuffer buffer, long table)
    {
        var name = buffer.Text(table, 0);
        var (sizes, dimensions) = buffer.Vector(table, 1, sizeof(long));
        var (data, bytes) = buffer.Vector(table, 3, elementBytes: 1);
        var dtype = TypeOf(name, buffer.Number(table, 2));
        if (dimensions != 2)
        {
            throw OnnxAdapterErrors.Parameter(name);
        }

        var (rows, columns) = (buffer.Int64(sizes), buffer.Int64(sizes + sizeof(long)));
        return rows > 0 && columns > 0 && (Int128)rows * columns * SafetensorsTypes.Bytes(dtype) == bytes
            ? new OnnxAdapterParameter(name, dtype, rows, columns, data)
            : throw OnnxAdapterErrors.Parameter(name);
    }

    private static SafetensorsType TypeOf(string name, int type) => type switch
    {
        1 => SafetensorsType.F32,
        10 => SafetensorsType.F16,
        16 => SafetensorsType.BF16,
        _ => throw StoreErrors.Unservable(
            "dtype",
            $"The parameter '{AdapterNames.Shorten(name)}' of the ONNX Runtime adapter is of type {type}; export it in float32 or float16."),
    };
}
