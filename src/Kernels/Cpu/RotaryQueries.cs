namespace AdapterServe.Kernels.Cpu;

/// <summary>A batch's queries and what rotates them. <b>Layout</b>: row-major f32 and int32, any alignment.</summary>
public unsafe struct RotaryQueries
{
    /// <summary>[T, Heads * HeadSize], before the rotation.</summary>
    public float* Query { get; set; }

    /// <summary>[MaxPositions, RotaryDims / 2].</summary>
    public float* Cos { get; set; }

    /// <summary>[MaxPositions, RotaryDims / 2].</summary>
    public float* Sin { get; set; }

    /// <summary>[T]: the position that each row is rotated by.</summary>
    public int* Positions { get; set; }

    /// <summary>As in <see cref="PagedAttentionArguments"/>; 0 for no rotation.</summary>
    public int RotaryDims { get; set; }

    public int MaxPositions { get; set; }
}
