using AdapterServe.Kernels.Cpu;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Models;

/// <summary>What a <see cref="KvFormat"/> is called, and what it is to the kernels and to ONNX Runtime.</summary>
public static class KvFormats
{
    /// <summary>The names that <see cref="Parse"/> takes.</summary>
    public const string Names = "f32, bf16 or int8";

    /// <summary>Null for any other name.</summary>
    public static KvFormat? Parse(string name) => name switch
    {
        "f32" => KvFormat.F32,
        "bf16" => KvFormat.BF16,
        "int8" => KvFormat.Int8,
        _ => null,
    };

    internal static KvType TypeOf(KvFormat format) => format switch
    {
        KvFormat.F32 => KvType.F32,
        KvFormat.BF16 => KvType.BF16,
        _ => KvType.Int8,
    };

    internal static ElementType ElementTypeOf(KvFormat format) => format switch
    {
        KvFormat.F32 => ElementType.Float32,
        KvFormat.BF16 => ElementType.BFloat16,
        _ => ElementType.Int8,
    };
}
