using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>
/// The ways to stretch a rotation over more positions. <b>Source</b>: YaRN is arXiv:2309.00071, LongRoPE arXiv:2402.13753; Llama 3's is published with the model.
/// </summary>
internal static class RopeScaling
{
    public static RotaryEmbedding Linear(RopeParameters rope)
    {
        var factor = rope.Number("factor");
        return new RotaryEmbedding { Frequencies = [.. rope.Frequencies.Select(frequency => frequency / factor)] };
    }

    /// <summary>Waves longer than the first context are stretched, those much shorter stay, between them it goes over.</summary>
    public static RotaryEmbedding Llama3(RopeParameters rope)
    {
        var factor = rope.Number("factor");
        var (low, high) = (rope.Number("low_freq_factor", 1), rope.Number("high_freq_factor", 4));
        return new RotaryEmbedding { Frequencies = [.. rope.Frequencies.Select(Scaled)] };

        double Scaled(double frequency)
        {
            var turns = rope.OriginalContext * frequency / (2 * Math.PI);
            var kept = high > low ? Math.Clamp((turns - low) / (high - low), 0, 1) : turns >= low ? 1 : 0;
            return ((1 - kept) * frequency / factor) + (kept * frequency);
        }
    }

    public static RotaryEmbedding Yarn(RopeParameters rope)
    {
        var factor = rope.Has("factor") ? rope.Number("factor") : (double)rope.Context / rope.OriginalContext;
        var (low, high) = (Dimension(rope, rope.Number("beta_fast", 32)), Dimension(rope, rope.Number("beta_slow", 1)));
        if (rope.IsNotFalse("truncate"))
        {
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        }

        (low, high) = (Math.Max(low, 0), Math.Min(high, rope.Dimensions - 1));
        high = low == high ? high + 0.001 : high;
        return new RotaryEmbedding { Frequencies = [.. rope.Frequencies.Select(Scaled)], Magnitude = YarnMagnitude(rope, factor) };

        double Scaled(double frequency, int index)
        {
            var stretched = Math.Clamp((index - low) / (high - low), 0, 1);
            return (stretched * frequency / factor) + ((1 - stretched) * frequency);
        }
    }

    /// <summary>The first factors hold up to the first context, the second ones beyond.</summary>
    public static RotaryEmbedding Long(RopeParameters rope)
    {
        var (shortFactors, longFactors) = (rope.Factors("short_factor"), rope.Factors("long_factor"));
        var factor = rope.Has("factor") ? rope.Number("factor") : (double)rope.Context / rope.OriginalContext;
        var magnitude = factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(factor) / Math.Log(rope.OriginalContext)));
        return new RotaryEmbedding
        {
            Frequencies = [.. rope.Frequencies.Zip(shortFactors, (frequency, by) => frequency / by)],
            LongFrequencies = [.. rope.Frequencies.Zip(longFactors, (frequency, by) => frequency / by)],
            LongFrom = rope.OriginalContext,
            Magnitude = rope.Number("attention_factor", magnitude),
        };
    }

    /// <summary>The place among the frequencies of the wave that turns this often in the first context.</summary>
    private static double Dimension(RopeParameters rope, double turns) =>
        rope.Dimensions * Math.Log(rope.OriginalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(rope.Theta));

    private static double YarnMagnitude(RopeParameters rope, double factor)
    {
        if (rope.Has("attention_factor"))
        {
            return rope.Number("attention_factor");
        }

        return rope.Has("mscale") && rope.Has("mscale_all_dim")
            ? Grown(rope.Number("mscale")) / Grown(rope.Number("mscale_all_dim"))
            : Grown(1);

        double Grown(double scale) => factor <= 1 ? 1 : (0.1 * scale * Math.Log(factor)) + 1;
    }
}
