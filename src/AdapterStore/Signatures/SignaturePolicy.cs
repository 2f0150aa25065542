namespace AdapterServe.AdapterStore.Signatures;

/// <summary>What becomes of the signatures of uploads.</summary>
public enum SignaturePolicy
{
    /// <summary>Nobody looks at them.</summary>
    Off,

    /// <summary>One that is given must be that of a trusted key.</summary>
    Optional,

    /// <summary>And one must be given.</summary>
    Required,
}
