using System.Text;
using System.Text.Json;
using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Tokenization.PreTokenizers;

internal static class PreTokenizerReader
{
    public static IPreTokenizer Read(JsonElement json) => json.TextOf("type") switch
    {
        "Sequence" => new SequencePreTokenizer([.. json.Required("pretokenizers").Items("pretokenizers").Select(Read)]),
        "ByteLevel" => new ByteLevelPreTokenizer(json.Flag("add_prefix_space", true), json.Flag("use_regex", true)),
        "Split" => new SplitPreTokenizer(TextPattern.Read(json.Required("pattern")), Behavior(json.TextOf("behavior")), json.Flag("invert", false)),
        "Digits" => new DigitsPreTokenizer(json.Flag("individual_digits", false)),
        "BertPreTokenizer" => new SequencePreTokenizer([Spaces(), new RunePreTokenizer(CharacterClasses.IsPunctuation, SplitBehavior.Isolated)]),
        "Punctuation" => new RunePreTokenizer(CharacterClasses.IsPunctuation, Behavior(json.OptionalText("behavior") ?? nameof(SplitBehavior.Isolated))),
        "Whitespace" => new WordPreTokenizer(),
        "WhitespaceSplit" => Spaces(),
        "CharDelimiterSplit" => Delimiter(json),
        "UnicodeScripts" => new ScriptPreTokenizer(),
        "FixedLength" => new FixedLengthPreTokenizer(Length(json)),
        "Metaspace" => new MetaspacePreTokenizer(Replacement(json), Scheme(json), json.Flag("split", true)),
        var type => throw new TokenizerException($"The pre-tokenizer \"{type}\" is not supported."),
    };

    private static RunePreTokenizer Spaces() => new(Rune.IsWhiteSpace, SplitBehavior.Removed);

    private static RunePreTokenizer Delimiter(JsonElement json)
    {
        Rune[] runes = [.. json.TextOf("delimiter").EnumerateRunes()];
        return runes is [var only]
            ? new RunePreTokenizer(rune => rune == only, SplitBehavior.Removed)
            : throw new TokenizerException("CharDelimiterSplit's delimiter must be one character.");
    }

    private static int Length(JsonElement json) => (json.Optional("length")?.Integer("length") ?? 5) is var length and > 0
        ? length
        : throw new TokenizerException("FixedLength's length must be positive.");

    private static SplitBehavior Behavior(string name) =>
        Enum.GetNames<SplitBehavior>().Contains(name, StringComparer.Ordinal)
            ? Enum.Parse<SplitBehavior>(name)
            : throw new TokenizerException($"The split behavior \"{name}\" is not supported.");

    private static char Replacement(JsonElement json) =>
        json.TextOf("replacement") is [var only] ? only : throw new TokenizerException("Metaspace's replacement must be one character.");

    // The older form of the same setting, add_prefix_space, can only agree.
    private static MetaspacePreTokenizer.Scheme Scheme(JsonElement json) => json.OptionalText("prepend_scheme") switch
    {
        not "never" when !json.Flag("add_prefix_space", true) => json.Optional("prepend_scheme") is null
            ? MetaspacePreTokenizer.Scheme.Never
            : throw new TokenizerException("Metaspace's add_prefix_space and prepend_scheme disagree."),
        null or "always" => MetaspacePreTokenizer.Scheme.Always,
        "first" => MetaspacePreTokenizer.Scheme.First,
        "never" => MetaspacePreTokenizer.Scheme.Never,
        var scheme => throw new TokenizerException($"The Metaspace scheme \"{scheme}\" is not supported."),
    };
}
