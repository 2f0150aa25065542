using System.Collections.Immutable;
using System.Text.Json;

namespace AdapterServe.Engine.Models.HuggingFace;

/// <summary>The ids that begin and end a sequence, from <c>generation_config.json</c> where it says so, else from <c>config.json</c>.</summary>
internal sealed record EndTokens(ImmutableArray<int> Eos, int? Bos)
{
    public const string GenerationFile = "generation_config.json";

    public static EndTokens Read(JsonFile config, JsonFile? generation, int vocabulary) =>
        new(EosIds(generation, vocabulary) ?? EosIds(config, vocabulary) ?? [], BosId(config, vocabulary));

    private static ImmutableArray<int>? EosIds(JsonFile? file, int vocabulary)
    {
        if (file is null || JsonFile.Field(file.Root, "eos_token_id") is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(id => TokenId(file, "eos_token_id", id, vocabulary)).Distinct()]
            : [TokenId(file, "eos_token_id", value, vocabulary)];
    }

    private static int? BosId(JsonFile file, int vocabulary) =>
        JsonFile.Field(file.Root, "bos_token_id") is { } value ? TokenId(file, "bos_token_id", value, vocabulary) : null;

    private static int TokenId(JsonFile file, string field, JsonElement value, int vocabulary) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var id) && id >= 0 && id < vocabulary
            ? id
            : throw file.Wrong(field, $"token ids in [0, {vocabulary})");
}
