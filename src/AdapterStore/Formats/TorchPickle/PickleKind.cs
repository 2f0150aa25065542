namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>What a value of a torch file is.</summary>
internal enum PickleKind
{
    None,
    Bool,
    Int,
    Float,
    Text,
    List,
    Tuple,
    Dict,
    Tensor,

    /// <summary>A name, storage, byte string or number type: parts of a tensor or number, nowhere else.</summary>
    Internal,
}
