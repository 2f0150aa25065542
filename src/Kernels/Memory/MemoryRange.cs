namespace AdapterServe.Kernels.Memory;

/// <summary>Bytes [Start, Start + Bytes) that a kernel may ask the memory for; they are not read.</summary>
public readonly record struct MemoryRange(nint Start, long Bytes);
