namespace AdapterServe.Kernels.Tests.Support;

/// <summary>Lengths around every boundary of lanes and tiles.</summary>
internal static class Lengths
{
    public static int[] All { get; } = [.. Enumerable.Range(1, 33), 47, 48, 63, 64, 65, 79, 127, 128, 129, 191, 255, 256, 257];
}
