using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.OnnxAdapter;

/// <summary>One code for each way in which an .onnx_adapter file can be wrong.</summary>
internal static class OnnxAdapterErrors
{
    public static AdapterStoreException Identifier() =>
        StoreErrors.Malformed("onnx_adapter_identifier", "The file does not begin as an ONNX Runtime adapter.");

    public static AdapterStoreException Version(int version) =>
        StoreErrors.Malformed("onnx_adapter_version", $"The ONNX Runtime adapter has format version {version}; version 1 is read.");

    public static AdapterStoreException Truncated() =>
        StoreErrors.Malformed("onnx_adapter_truncated", "The ONNX Runtime adapter refers to something outside of the file.");

    public static AdapterStoreException Count() =>
        StoreErrors.Malformed("onnx_adapter_count", "The ONNX Runtime adapter claims more parameters, or more data for them, than it has bytes for.");

    public static AdapterStoreException Text() =>
        StoreErrors.Malformed("onnx_adapter_text", "The ONNX Runtime adapter has a name that is not valid UTF-8 of up to 4 KiB.");

    public static AdapterStoreException Duplicate(string name) =>
        StoreErrors.Malformed("onnx_adapter_duplicate", $"The ONNX Runtime adapter holds '{AdapterNames.Shorten(name)}' twice.");

    public static AdapterStoreException Parameter(string name) =>
        StoreErrors.Malformed(
            "onnx_adapter_parameter",
            $"The sizes of the ONNX Runtime adapter's parameter '{AdapterNames.Shorten(name)}' can't be, or are not those of its data.");
}
