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

    private static SplitBehavior Behavior(string name) =>
        Enum.GetNames<SplitBehavior>().Contains(name, StringComparer.Ordinal)
            ? Enum.Parse<SplitBehavior>(name)
            : throw new TokenizerException($"The split behavior \"{name}\" is not supported.");

    private static char Replacement(JsonElement json) =>
        json.TextOf("replacement") is [var only] ? only : throw new TokenizerException("Metaspace's replacement must be one character.");

    private static MetaspacePreTokenizer.Scheme Scheme(JsonElement json) => json.OptionalText("prepend_scheme") switch
    {
        "always" => MetaspacePreTokenizer.Scheme.Always,
        "first" => MetaspacePreTokenizer.Scheme.First,
        "never" => MetaspacePreTokenizer.Scheme.Never,
        // The older form of the same setting.
        null => json.Flag("add_prefix_space", true) ? MetaspacePreTokenizer.Scheme.Always : MetaspacePreTokenizer.Scheme.Never,
        var scheme => throw new TokenizerException($"The Metaspace scheme \"{scheme}\" is not supported."),
    };
}
