using System.Text.Json;

namespace AdapterServe.Engine.Tokenization.AddedTokens;

/// <summary>A token that is found in the text before anything is split, as its flags say.</summary>
internal sealed record AddedToken
{
    public required int Id { get; init; }

    public required string Content { get; init; }

    /// <summary>Left out of generated text.</summary>
    public bool Special { get; init; }

    /// <summary>Takes the white space before it with it.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>Takes the white space after it with it.</summary>
    public bool RightStrip { get; init; }

    /// <summary>Only where no word character stands on either side.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Looked for in the normalized text instead of the raw one.</summary>
    public bool Normalized { get; init; }

    public static AddedToken Read(JsonElement json, int id)
    {
        bool special = json.Flag("special", false);
        return new AddedToken
        {
            Id = id,
            Content = json.TextOf("content"),
            Special = special,
            LeftStrip = json.Flag("lstrip", false),
            RightStrip = json.Flag("rstrip", false),
            SingleWord = json.Flag("single_word", false),
            Normalized = json.Flag("normalized", !special),
        };
    }
}
