namespace AdapterServe.Kernels.Tests.Support;

/// <summary>Reproducible data.</summary>
internal static class RandomData
{
    public static float[] Floats(int seed, long length, float magnitude = 1)
    {
        var random = new Random(seed);
        var values = new float[length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = ((random.NextSingle() * 2) - 1) * magnitude;
        }

        return values;
    }

    public static ushort[] ToBF16(float[] values) => Array.ConvertAll(values, AdapterServe.Kernels.Weights.BF16.FromSingle);

    public static float[] FromBF16(ushort[] values) => Array.ConvertAll(values, AdapterServe.Kernels.Weights.BF16.ToSingle);
}
