namespace AdapterServe.Engine.CustomOps;

/// <summary>What a linear is to the others that read the same input.</summary>
internal enum InputReader
{
    /// <summary>Nobody else reads it.</summary>
    Only = 0,

    /// <summary>Others read it later.</summary>
    First = 1,

    /// <summary>Others have read it, and somebody reads it later.</summary>
    Later = 2,
}
