namespace AdapterServe.Kernels.Cpu;

/// <summary>How a KV cache holds its numbers.</summary>
public enum KvType
{
    F32,

    /// <summary>Rounded to nearest even as they are stored; arithmetic is f32.</summary>
    BF16,
}
