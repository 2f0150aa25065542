using System.Text.Json;
using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Tokenization.Decoders;

internal static class DecoderReader
{
    public static ITokenDecoder Read(JsonElement json) => json.TextOf("type") switch
    {
        "Sequence" => new SequenceDecoder([.. json.Required("decoders").Items("decoders").Select(Read)]),
        "ByteLevel" => new ByteLevelDecoder(),
        "ByteFallback" => new ByteFallbackDecoder(),
        "Fuse" => new FuseDecoder(),
        "Replace" => new ReplaceDecoder(TextPattern.Read(json.Required("pattern")), json.TextOf("content")),
        "Strip" => new StripDecoder(Character(json, "content"), Count(json, "start"), Count(json, "stop")),
        "WordPiece" => new WordPieceDecoder(json.OptionalText("prefix") ?? "##", json.Flag("cleanup", true)),
        "BPEDecoder" => new EndOfWordDecoder(json.OptionalText("suffix") is { Length: > 0 } suffix ? suffix : "</w>"),
        "Metaspace" => new MetaspaceDecoder(Character(json, "replacement"), json.OptionalText("prepend_scheme") != "never" && json.Flag("add_prefix_space", true)),
        "CTC" => new CtcDecoder(json.TextOf("pad_token"), json.TextOf("word_delimiter_token"), json.Flag("cleanup", true)),
        var type => throw new TokenizerException($"The decoder \"{type}\" is not supported."),
    };

    private static char Character(JsonElement json, string name) =>
        json.TextOf(name) is [var only] ? only : throw new TokenizerException($"A decoder's {name} must be one character.");

    private static int Count(JsonElement json, string name) =>
        json.Required(name).Integer(name) is var count and >= 0 and < 1024 ? count : throw new TokenizerException($"A decoder's {name} is out of range.");
}
