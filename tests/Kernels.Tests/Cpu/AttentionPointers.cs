namespace AdapterServe.Kernels.Tests.Cpu;

/// <summary>The index arrays of a step, for a test to damage.</summary>
public sealed unsafe class AttentionPointers(int* blockTable, int* cumulativeLengths, int* pastLengths)
{
    public int* BlockTable => blockTable;

    public int* CumulativeLengths => cumulativeLengths;

    public int* PastLengths => pastLengths;
}
