using System.Text.Json;
using AdapterServe.Engine.Models.HuggingFace;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Models;

/// <summary>Whether a folder's tokenizer and model belong together.</summary>
public static class ModelVocabulary
{
    private const long LimitBytes = 1 << 20;

    /// <summary><b>Errors</b>: <see cref="ModelImportException"/> where the tokenizer has an id that the model has no row for.</summary>
    public static void Check(string modelFolder, Tokenizer tokenizer)
    {
        // What these files lack, or say wrongly, is the importer's to report.
        int? rows = Size(modelFolder, "config.json", "text_config") ?? Size(modelFolder, "genai_config.json", "model");
        if (rows is { } size && tokenizer.VocabularySize > size)
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
