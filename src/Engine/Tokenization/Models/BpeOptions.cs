namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>The switches of a BPE model, as <c>tokenizer.json</c> names them.</summary>
internal sealed record BpeOptions
{
    /// <summary>A word that is a token as a whole is not split and merged.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>A character without a token becomes its UTF-8 bytes' tokens <c>&lt;0x00&gt;</c> … <c>&lt;0xFF&gt;</c>.</summary>
    public bool ByteFallback { get; init; }

    public int? UnknownId { get; init; }

    /// <summary>Neighbouring unknown characters become one unknown token.</summary>
    public bool FuseUnknown { get; init; }

    public string ContinuingSubwordPrefix { get; init; } = "";

    public string EndOfWordSuffix { get; init; } = "";
}
