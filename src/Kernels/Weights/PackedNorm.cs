namespace AdapterServe.Kernels.Weights;

/// <summary>A layer norm's vectors, zero-padded to sixteen; Weight is null where there is no norm.</summary>
internal readonly unsafe struct PackedNorm
{
    private PackedNorm(float* weight, float* bias, float epsilon)
    {
        Weight = weight;
        Bias = bias;
        Epsilon = epsilon;
    }

    public float* Weight { get; }

    public float* Bias { get; }

    public float Epsilon { get; }

    public bool IsPresent => Weight is not null;

    public static PackedNorm Pack(WeightArena arena, LayerNormParts? parts) =>
        parts is null ? default : new PackedNorm(Packing.Vector(arena, parts.Weight), Packing.Vector(arena, parts.Bias), parts.Epsilon);
}
