namespace AdapterServe.Kernels.Cpu;

public static unsafe class Logits
{
    public static int ArgMax(ReadOnlySpan<float> logits) => throw new NotImplementedException();

    public static double LogSumExp(ReadOnlySpan<float> logits) => throw new NotImplementedException();
}
