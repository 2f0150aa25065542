namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>What a pair of neighbouring tokens merges to, and when: lower ranks first.</summary>
internal readonly record struct BpeMerge(int Rank, int Id)
{
    public static long Key(int left, int right) => ((long)left << 32) | (uint)right;
}
