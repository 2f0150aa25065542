using System.Text.Json;
using AdapterServe.Engine.Models.HuggingFace;

namespace AdapterServe.Engine.Models;

/// <summary>
/// Reads the sampling fields of <c>generation_config.json</c>. <b>Semantics</b>: as vLLM takes a model's file for its defaults; besides, <c>do_sample: false</c> is
/// temperature 0. Fields of other methods of generation are not read (<c>docs/text.md</c> lists them).
/// <b>Errors</b>: <see cref="ModelImportException"/> that names the field.
/// </summary>
public static class GenerationDefaultsReader
{
    private const string FileName = "generation_config.json";
    private const long LimitBytes = 1 << 20;

    public static GenerationDefaults Read(string modelFolder)
    {
        using JsonFile? file = JsonFile.TryOpen(modelFolder, FileName, LimitBytes);
        if (file is null)
        {
            return GenerationDefaults.None;
        }

        float temperature = Number(file, "temperature", 1, value => value >= 0, "a number that is not negative");
        return new GenerationDefaults
        {
            Temperature = Samples(file) ? temperature : 0,
            TopP = Number(file, "top_p", 1, value => value is > 0 and <= 1, "greater than 0 and at most 1"),
            TopK = Integer(file, "top_k", least: -1) is int topK and > 0 ? topK : 0,
            MinP = Number(file, "min_p", 0, value => value is >= 0 and <= 1, "between 0 and 1"),
            RepetitionPenalty = Number(file, "repetition_penalty", 1, value => value > 0, "a positive number"),
            MaxTokens = Integer(file, "max_new_tokens", least: 1),
        };
    }

    private static bool Samples(JsonFile file) => JsonFile.Field(file.Root, "do_sample") is not { } field || field.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw file.Wrong("do_sample", "true or false"),
    };

    private static float Number(JsonFile file, string name, float whenAbsent, Func<float, bool> valid, string expected)
    {
        if (JsonFile.Field(file.Root, name) is not { } field)
        {
            return whenAbsent;
        }

        return field.ValueKind == JsonValueKind.Number && field.TryGetSingle(out float value) && float.IsFinite(value) && valid(value)
            ? value
            : throw file.Wrong(name, expected);
    }

    private static int? Integer(JsonFile file, string name, int least)
    {
        if (JsonFile.Field(file.Root, name) is not { } field)
        {
            return null;
        }

        return field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out int value) && value >= least
            ? value
            : throw file.Wrong(name, least == 1 ? "a positive integer" : "an integer that is not negative");
    }
}
