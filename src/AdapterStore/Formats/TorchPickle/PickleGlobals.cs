using System.Collections.Frozen;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>The only names that a pickle may mention. They are words here, never code that is looked up.</summary>
internal enum PickleGlobal
{
    RebuildTensor,
    RebuildParameter,
    Size,
    OrderedDict,
    NumpyScalar,
    NumpyDtype,
    Encode,
}

/// <summary>Names → <see cref="PickleGlobal"/> or a storage's element type.</summary>
internal static class PickleGlobals
{
    private static readonly FrozenDictionary<(string, string), object> Known = new Dictionary<(string, string), object>
    {
        [("torch._utils", "_rebuild_tensor_v2")] = PickleGlobal.RebuildTensor,
        [("torch._utils", "_rebuild_parameter")] = PickleGlobal.RebuildParameter,
        [("torch", "Size")] = PickleGlobal.Size,
        [("collections", "OrderedDict")] = PickleGlobal.OrderedDict,
        [("numpy.core.multiarray", "scalar")] = PickleGlobal.NumpyScalar,
        [("numpy._core.multiarray", "scalar")] = PickleGlobal.NumpyScalar,
        [("numpy", "dtype")] = PickleGlobal.NumpyDtype,
        [("_codecs", "encode")] = PickleGlobal.Encode,
        [("torch", "DoubleStorage")] = SafetensorsType.F64,
        [("torch", "FloatStorage")] = SafetensorsType.F32,
        [("torch", "HalfStorage")] = SafetensorsType.F16,
        [("torch", "BFloat16Storage")] = SafetensorsType.BF16,
        [("torch", "LongStorage")] = SafetensorsType.I64,
        [("torch", "IntStorage")] = SafetensorsType.I32,
        [("torch", "ShortStorage")] = SafetensorsType.I16,
        [("torch", "CharStorage")] = SafetensorsType.I8,
        [("torch", "ByteStorage")] = SafetensorsType.U8,
        [("torch", "BoolStorage")] = SafetensorsType.Bool,
    }.ToFrozenDictionary();

    /// <summary><b>Errors</b>: <c>pickle_global</c> for every other name.</summary>
    public static object Resolve(string module, string name) =>
        Known.TryGetValue((module, name), out var known) ? known : throw PickleErrors.Global(module, name);
}
