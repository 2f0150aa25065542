namespace AdapterServe.Kernels.Tests.Cpu;

public sealed class PagedAttentionTests
{
    [Theory]
    [InlineData(1, 1, 16, 16, 16)]
    [InlineData(14, 2, 64, 16, 64)]
    [InlineData(8, 2, 128, 32, 128)]
    [InlineData(3, 3, 20, 7, 10)]
    [InlineData(6, 2, 1, 5, 0)]
    [InlineData(5, 1, 33, 1, 32)]
    [InlineData(4, 2, 80, 24, 20)]
    [InlineData(40, 1, 8, 16, 8)]
    public void Mixed_prefill_and_decode_equal_the_reference(int heads, int kvHeads, int headSize, int blockSize, int rotaryDims)
    {
        (int, int)[] sequences = [(0, 1), (0, 37), (130, 1), (17, 5), (127, 2), (255, 1), (0, 0), (128, 3)];
        using var kernel = Case(heads, kvHeads, headSize, blockSize, rotaryDims, sequences).Run();
        using var reference = Case(heads, kvHeads, headSize, blockSize, rotaryDims, sequences).RunReference();
        AssertClose(reference, kernel, 256);
    }

    private static AttentionCase Case(int heads, int kvHeads, int headSize, int blockSize, int rotaryDims, (int Past, int New)[] sequences) => new()
    {
        Heads = heads,
        KvHeads = kvHeads,
        HeadSize = headSize,
        BlockSize = blockSize,
        RotaryDims = rotaryDims,
        Sequences = sequences,
    };

    private static void AssertClose(AttentionCase expected, AttentionCase actual, int context)
    {
        var tolerance = Tolerances.Attention(expected.HeadSize, context, expected.LogitMagnitude);
        for (var i = 0; i < expected.Output.Length; i++)
        {
            Assert.True(Math.Abs(expected.Output[i] - actual.Output[i]) <= tolerance, $"at {i}: {expected.Output[i]} and {actual.Output[i]}, allowed {tolerance}");
        }
    }
}
