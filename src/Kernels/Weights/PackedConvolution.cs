namespace AdapterServe.Kernels.Weights;

/// <summary>
/// A depth-wise convolution; Taps is 0 where there is none. <b>Layout</b>: Weight [taps][channels padded to sixteen], Bias [channels padded].
/// A sequence's state is the last taps - 1 inputs, [taps - 1][channels padded], oldest first, at StateOffset of its memory.
/// </summary>
internal readonly unsafe struct PackedConvolution
{
    private PackedConvolution(int taps, float* weight, float* bias, long stateOffset, long stateBytes)
    {
        Taps = taps;
        Weight = weight;
        Bias = bias;
        StateOffset = stateOffset;
        StateEnd = stateBytes == 0 ? 0 : stateOffset + stateBytes;
    }

    public int Taps { get; }

    /// <summary>In bytes.</summary>
    public long StateOffset { get; }

    /// <summary>In bytes; 0 where there is no state.</summary>
    public long StateEnd { get; }

    public float* Weight { get; }

    public float* Bias { get; }

    public static PackedConvolution Pack(WeightArena arena, ConvolutionParts? parts, int channels)
    {
        if (parts is null)
        {
            return default;
        }

        var width = Packing.RoundUp(channels);
        var weight = (float*)arena.Allocate((long)parts.Taps * width * sizeof(float));
        for (var tap = 0; tap < parts.Taps; tap++)
        {
            for (var channel = 0; channel < channels; channel++)
            {
                weight[((nint)tap * width) + channel] = parts.Weight[(channel * parts.Taps) + tap];
            }
        }

        var stateBytes = (parts.Taps - 1L) * width * sizeof(float);
        return new PackedConvolution(parts.Taps, weight, Packing.Vector(arena, parts.Bias), arena.ReserveState(stateBytes), stateBytes);
    }
}
