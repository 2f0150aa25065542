using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary>Sets of <see cref="FormKind"/>, a bit each.</summary>
internal static class FormKinds
{
    /// <summary>Those that change a site's input, before the base op.</summary>
    public const uint OnInput = (1u << (int)FormKind.AttentionPrompt) | (1u << (int)FormKind.InputScale) | (1u << (int)FormKind.InputRotation);

    public const uint OnOutput = ~OnInput;

    /// <summary>Those that occur at a site.</summary>
    public static uint At(int site, ReadOnlySpan<AdapterSegment> segments)
    {
        var present = 0u;
        foreach (var segment in segments)
        {
            foreach (var weights in segment.Weights.At(site))
            {
                present |= 1u << (int)weights.Form;
            }
        }

        return present;
    }
}
