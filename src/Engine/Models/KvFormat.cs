using AdapterServe.Kernels.Cpu;

namespace AdapterServe.Engine.Models;

#pragma warning disable CA1720 // These are the names of types.
/// <summary>How keys and values are held.</summary>
public enum KvFormat
{
    F32,

    /// <summary>Rounded to nearest even as they are written.</summary>
    BF16,

    /// <summary>Integers of 8 bits with one scale for each position and KV head, see <see cref="KvType.Int8"/>.</summary>
    Int8,
}
