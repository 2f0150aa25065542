using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Gguf;

/// <summary>One code for each way in which a GGUF file can be wrong.</summary>
internal static class GgufErrors
{
    public static AdapterStoreException Magic() => StoreErrors.Malformed("gguf_magic", "The file does not begin as a GGUF file.");

    public static AdapterStoreException Version(uint version) => StoreErrors.Malformed("gguf_version", $"The GGUF file has version {version}; versions 2 and 3, little-endian, are read.");

    public static AdapterStoreException Truncated() => StoreErrors.Malformed("gguf_truncated", "The GGUF file's header ends before it is complete.");

    public static AdapterStoreException Count() => StoreErrors.Malformed("gguf_count", "The GGUF file claims more keys, tensors or list items than it has bytes for.");

    public static AdapterStoreException Text() => StoreErrors.Malformed("gguf_text", "The GGUF file has a name that is not valid UTF-8 of up to 64 KiB.");

    public static AdapterStoreException Duplicate(string name) => StoreErrors.Malformed("gguf_duplicate", $"The GGUF file holds '{AdapterNames.Shorten(name)}' twice.");

    public static AdapterStoreException ValueType(uint type) => StoreErrors.Malformed("gguf_value_type", $"The GGUF file has a value of the unknown type {type}.");

    public static AdapterStoreException Key(string key) => StoreErrors.Malformed("gguf_key", $"The GGUF file's '{key}' is missing or of another type than it must have.");

    public static AdapterStoreException Alignment() => StoreErrors.Malformed("gguf_alignment", "The GGUF file's alignment must be a power of two from 8 to 65,536.");

    public static AdapterStoreException Tensor(string name) =>
        StoreErrors.Malformed("gguf_tensor", $"The sizes or the place of the GGUF tensor '{AdapterNames.Shorten(name)}' can't be: 1 to 4 sizes from 1, an aligned offset, all inside of the file.");

    public static AdapterStoreException Quantised(string name) =>
        StoreErrors.Unservable("gguf_quantised", $"The GGUF tensor '{AdapterNames.Shorten(name)}' is quantised; convert the adapter with --outtype f32, f16 or bf16.");
}
