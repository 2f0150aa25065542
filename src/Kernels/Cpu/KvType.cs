namespace AdapterServe.Kernels.Cpu;

#pragma warning disable CA1720 // These are the names of types.
/// <summary>How a KV cache holds its numbers. Arithmetic is f32.</summary>
public enum KvType
{
    F32,

    /// <summary>Rounded to nearest even as they are stored.</summary>
    BF16,

    /// <summary>
    /// Integers in [-127, 127] and, behind those of each row of a head, the f32 that they are multiples of: the row's largest magnitude / 127.
    /// Rounded to nearest even as they
    /// are stored, hence off by at most half of that.
    /// </summary>
    Int8,
}
