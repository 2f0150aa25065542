using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>One code for each way in which a torch file can be wrong or more than a file of weights.</summary>
internal static class PickleErrors
{
    private const string OnlyTensors = "the server reads tensors, numbers, strings and their containers and runs nothing; save the weights as safetensors";

    public static AdapterStoreException Layout() => StoreErrors.Malformed(
        "pickle_layout", "The file is neither a zip archive of torch.save nor its older layout; save the weights as safetensors.");

    public static AdapterStoreException Zip(string detail, Exception? inner = null) =>
        StoreErrors.Malformed("pickle_zip", $"The torch file's zip archive is damaged: {detail}.", inner);

    public static AdapterStoreException ZipName(string name) =>
        StoreErrors.Malformed("pickle_zip_name", $"The torch file's zip archive holds the name '{AdapterNames.Shorten(name)}', which torch.save does not write.");

    public static AdapterStoreException ZipDuplicate(string name) =>
        StoreErrors.Malformed("pickle_zip_duplicate", $"The torch file's zip archive holds '{AdapterNames.Shorten(name)}' twice.");

    public static AdapterStoreException ZipOverlap() => StoreErrors.Malformed("pickle_zip_overlap", "The entries of the torch file's zip archive overlap.");

    public static AdapterStoreException ZipEncrypted() => StoreErrors.Malformed("pickle_zip_encrypted", "The torch file's zip archive is encrypted.");

    public static AdapterStoreException MissingRecord(string name) =>
        StoreErrors.Malformed("pickle_missing_record", $"The torch file has no '{AdapterNames.Shorten(name)}'.");

    public static AdapterStoreException ByteOrder() => StoreErrors.Malformed("pickle_byte_order", "The torch file's byteorder is neither little nor big.");

    public static AdapterStoreException Truncated() => StoreErrors.Malformed("pickle_truncated", "The pickle ends before it is complete.");

    public static AdapterStoreException Trailing() => StoreErrors.Malformed("pickle_trailing", "There are bytes behind the end of the pickle or of the storages.");

    public static AdapterStoreException Opcode(byte code) =>
        StoreErrors.Malformed("pickle_opcode", $"The pickle holds the instruction 0x{code:x2}, which torch.save does not write for tensors; {OnlyTensors}.");

    public static AdapterStoreException Extension() =>
        StoreErrors.Malformed("pickle_extension", $"The pickle uses Python's extension registry; {OnlyTensors}.");

    public static AdapterStoreException Protocol() => StoreErrors.Malformed("pickle_protocol", "The pickle is not of protocol 2 to 5.");

    public static AdapterStoreException Stack() => StoreErrors.Malformed("pickle_stack", "The pickle takes values that are not there, or leaves some behind.");

    public static AdapterStoreException Memo() => StoreErrors.Malformed("pickle_memo", "The pickle refers to a value that it never memorised.");

    public static AdapterStoreException Type(string expected) => StoreErrors.Malformed("pickle_type", $"The pickle has another value where {expected} must be.");

    public static AdapterStoreException Global(string module, string name) =>
        StoreErrors.Malformed("pickle_global", $"The pickle names {AdapterNames.Shorten(module)}.{AdapterNames.Shorten(name)}; {OnlyTensors}.");

    public static AdapterStoreException Call(string name) =>
        StoreErrors.Malformed("pickle_call", $"The pickle calls {AdapterNames.Shorten(name)} with other arguments than torch.save writes.");

    public static AdapterStoreException Build() => StoreErrors.Malformed("pickle_build", $"The pickle sets the state of an object; {OnlyTensors}.");

    public static AdapterStoreException PersistentId() =>
        StoreErrors.Malformed("pickle_persistent_id", "The pickle refers to something outside of it that is no plain tensor storage.");

    public static AdapterStoreException Storage(string key) =>
        StoreErrors.Malformed("pickle_storage", $"The storage '{AdapterNames.Shorten(key)}' is missing or has another size than the pickle says.");

    public static AdapterStoreException Tensor() =>
        StoreErrors.Malformed("pickle_tensor", "A tensor's shape, strides or offset reach outside of its storage.");

    public static AdapterStoreException DuplicateTensor(string name) =>
        StoreErrors.Malformed("pickle_duplicate_tensor", $"The pickle has two tensors that are called '{AdapterNames.Shorten(name)}'.");

    public static AdapterStoreException Recursive() => StoreErrors.Malformed("pickle_recursive", "The pickle holds a container that contains itself.");

    public static AdapterStoreException Depth(int limit) => StoreErrors.Malformed("pickle_depth", $"The pickle nests containers more than {limit} deep.");

    public static AdapterStoreException Integer() => StoreErrors.Malformed("pickle_integer", "The pickle holds an integer of more than 64 bits.");

    public static AdapterStoreException Text() => StoreErrors.Malformed("pickle_text", "The pickle holds a string that is not valid UTF-8.");

    public static AdapterStoreException Key() => StoreErrors.Malformed("pickle_key", "A dictionary in the pickle has a key that is no string or number, or the same key twice.");

    public static AdapterStoreException TooLarge() =>
        StoreErrors.TooLarge("pickle_too_large", "The torch file unpacks to far more than its size; save the weights as safetensors.");
}
