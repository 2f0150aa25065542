using System.Text.Json;
using AdapterServe.Engine.Models.HuggingFace;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Models;

/// <summary>Whether a folder's tokenizer and model belong together.</summary>
public static class ModelVocabulary
{
    private const long LimitBytes = 1 << 20;

    /// <summary>Tokens that a tokenizer may have without rows in the model, as published folders have a few (Gemma 3's mark for images): this many, or a hundredth.</summary>
    private const int Spare = 64;

    /// <summary><b>Errors</b>: <see cref="ModelImportException"/> where the tokenizer has many more ids than the model has rows. A prompt with one of the few is refused by itself.</summary>
    public static void Check(string modelFolder, Tokenizer tokenizer)
    {
        // What these files lack, or say wrongly, is the importer's to report.
        int? rows = Size(modelFolder, "config.json", "text_config") ?? Size(modelFolder, "genai_config.json", "model");
        if (rows is { } size && tokenizer.VocabularySize > (long)size + Math.Max(Spare, size / 100))
        {
            throw new ModelImportException(
                "tokenizer_too_large", $"The tokenizer has ids up to {tokenizer.VocabularySize - 1}, but the model's vocab_size is {size}; they are not of the same model.");
        }
    }

    private static int? Size(string modelFolder, string name, string part)
    {
        using JsonFile? file = JsonFile.TryOpen(modelFolder, name, LimitBytes);
        JsonElement? field = file is null
            ? null
            : JsonFile.Field(file.Root, "vocab_size") ?? (JsonFile.Field(file.Root, part) is { } inner ? JsonFile.Field(inner, "vocab_size") : null);
        return field is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out int size) ? size : null;
    }
}
