namespace AdapterServe.AdapterStore.Formats.Safetensors;

/// <summary>One code for each way in which a file can be wrong.</summary>
internal static class SafetensorsErrors
{
    public static AdapterStoreException TooShort(long length) =>
        Malformed("safetensors_too_short", $"The safetensors file has {length} bytes, fewer than the 8 of its header length.");

    public static AdapterStoreException HeaderTooLong(ulong header, long limit) =>
        Malformed("safetensors_header_too_long", $"The safetensors header claims {header} bytes; at most {limit} are read.");

    public static AdapterStoreException HeaderBeyondFile(ulong header, long length) =>
        Malformed("safetensors_header_beyond_file", $"The safetensors header claims {header} bytes, but the file has {length} in all.");

    public static AdapterStoreException NotUtf8() => Malformed("safetensors_not_utf8", "The safetensors header is not valid UTF-8.");

    public static AdapterStoreException NotJson(string detail, Exception? inner = null) =>
        Malformed("safetensors_json", $"The safetensors header is not a JSON object of tensors: {detail}.", inner);

    public static AdapterStoreException Duplicate(string key) =>
        Malformed("safetensors_duplicate_key", $"The safetensors header holds the key {Quote(key)} twice.");

    public static AdapterStoreException Metadata() =>
        Malformed("safetensors_metadata", "The safetensors header's __metadata__ must be an object of strings.");

    public static AdapterStoreException Entry(string name, string detail) =>
        Malformed("safetensors_entry", $"The safetensors entry of {Quote(name)} {detail}.");

    public static AdapterStoreException UnknownType(string name, string type) =>
        Malformed("safetensors_dtype", $"The tensor {Quote(name)} has the unknown dtype {Quote(type)}.");

    public static AdapterStoreException Shape(string name) =>
        Malformed("safetensors_shape", $"The shape of {Quote(name)} must hold integers from 0 whose product fits 63 bits, at most {SafetensorsHeader.MaxRank} of them.");

    public static AdapterStoreException Offsets(string name) =>
        Malformed("safetensors_offsets", $"The data_offsets of {Quote(name)} must be two integers, 0 ≤ begin ≤ end ≤ the data's size.");

    public static AdapterStoreException Size(string name, long bytes, long expected) =>
        Malformed("safetensors_size", $"The tensor {Quote(name)} takes {bytes} bytes, but its shape and dtype need {expected}.");

    public static AdapterStoreException Overlap(string first, string second) =>
        Malformed("safetensors_overlap", $"The tensors {Quote(first)} and {Quote(second)} share bytes.");

    public static AdapterStoreException Gap(string name) =>
        Malformed("safetensors_gap", $"There are bytes before the tensor {Quote(name)} that belong to no tensor.");

    public static AdapterStoreException Trailing(long bytes) =>
        Malformed("safetensors_trailing", $"The safetensors file ends with {bytes} bytes that belong to no tensor.");

    public static AdapterStoreException NotFloat(SafetensorsTensor tensor) =>
        new(AdapterErrorKind.Unservable, "safetensors_not_float", $"The tensor {Quote(tensor.Name)} is {SafetensorsTypes.Name(tensor.DType)}; f64, f32, f16 or bf16 is needed.");

    private static AdapterStoreException Malformed(string code, string message, Exception? inner = null) =>
        new(AdapterErrorKind.Malformed, code, message, inner);

    private static string Quote(string name) => name.Length <= 200 ? $"'{name}'" : $"'{name.AsSpan(0, 200)}…'";
}
