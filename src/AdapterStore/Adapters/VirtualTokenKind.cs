namespace AdapterServe.AdapterStore.Adapters;

/// <summary>What an adapter's virtual tokens are.</summary>
public enum VirtualTokenKind
{
    /// <summary>Embeddings, which run through the model before the prompt.</summary>
    SoftPrompt,

    /// <summary>Keys and values of every layer, attended to as they are; the text's positions count behind them.</summary>
    Prefix,

    /// <summary>The same, but the text's first token keeps position 0.</summary>
    UncountedPrefix,
}
