namespace AdapterServe.Engine.Requests;

/// <summary>How the final hidden states of a prompt's tokens become one vector.</summary>
public enum PoolingKind
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The last token's.</summary>
    Last,

    /// <summary>The first token's.</summary>
    First,
}
