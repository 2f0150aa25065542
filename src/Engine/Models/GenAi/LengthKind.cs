namespace AdapterServe.Engine.Models.GenAi;

/// <summary>Terms of the nodes that count a batch's tokens.</summary>
internal enum LengthKind
{
    /// <summary>The token ids.</summary>
    TokenIds,

    /// <summary>The attention mask, [B, tokens].</summary>
    Mask,

    /// <summary>Each token's place in its sequence.</summary>
    Positions,

    /// <summary>Tokens of each sequence.</summary>
    Tokens,

    /// <summary>That less one.</summary>
    TokensLessOne,

    /// <summary>The mask's shape.</summary>
    MaskShape,

    /// <summary>Tokens of the longest sequence.</summary>
    LongestTokens,

    /// <summary>Whether that is beyond the context that a model was first trained with.</summary>
    IsBeyondFirstContext,
}
