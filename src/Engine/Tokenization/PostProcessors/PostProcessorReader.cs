using System.Text.Json;

namespace AdapterServe.Engine.Tokenization.PostProcessors;

internal static class PostProcessorReader
{
    /// <summary>A template that repeats the text would multiply a prompt's length.</summary>
    private const int MaxTemplatePieces = 64;

    public static IPostProcessor Read(JsonElement json) => json.TextOf("type") switch
    {
        "Sequence" => ReadSequence(json),
        "ByteLevel" => new ByteLevelPostProcessor(),
        "BertProcessing" or "RobertaProcessing" => new TemplatePostProcessor([[EndToken(json, "cls")], null, [EndToken(json, "sep")]]),
        "TemplateProcessing" => ReadTemplate(json),
        var type => throw new TokenizerException($"The post-processor \"{type}\" is not supported."),
    };

    // A second template would see the first one's tokens as texts of their own.
    private static SequencePostProcessor ReadSequence(JsonElement json)
    {
        IPostProcessor[] parts = [.. json.Required("processors").Items("processors").Select(Read)];
        return parts.Count(part => part is not ByteLevelPostProcessor) <= 1
            ? new SequencePostProcessor(parts)
            : throw new TokenizerException("A sequence of post-processors may hold one template.");
    }

    /// <summary>The id of a pair [text, id].</summary>
    private static int EndToken(JsonElement json, string name) => json.Required(name).Items(name).ToArray() is [_, var id]
        ? id.Integer($"{name}'s id")
        : throw new TokenizerException($"{name} must be a text and its id.");

    private static TemplatePostProcessor ReadTemplate(JsonElement json)
    {
        int[]?[] pieces = [.. json.Required("single").Items("single").Take(MaxTemplatePieces + 1).Select(piece => ReadPiece(piece, json))];
        if (pieces.Length > MaxTemplatePieces || pieces.Count(piece => piece is null) > 1)
        {
            throw new TokenizerException("The post-processor's template is too long or repeats the text.");
        }

        return new TemplatePostProcessor(pieces);
    }

    private static int[]? ReadPiece(JsonElement piece, JsonElement template)
    {
        if (piece.Optional("SpecialToken") is not { } special)
        {
            return piece.Required("Sequence").TextOf("id") == "A"
                ? null
                : throw new TokenizerException("The template for a single text names a second one.");
        }

        JsonElement ids = template.Required("special_tokens").Required(special.TextOf("id")).Required("ids");
        return [.. ids.Items("ids").Select(id => id.Integer("A special token's id"))];
    }
}
