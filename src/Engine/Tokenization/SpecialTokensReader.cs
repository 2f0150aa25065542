using System.Collections.Immutable;
using System.Text.Json;

namespace AdapterServe.Engine.Tokenization;

/// <summary>
/// Gathers the special tokens of a model folder: texts from the tokenizer's settings, ids from there, <c>generation_config.json</c> and <c>config.json</c>.
/// </summary>
internal static class SpecialTokensReader
{
    /// <summary>Texts from an adapter's settings over those of its base; an end that is not the base's is one of the <see cref="SpecialTokens.EosIds"/> too.</summary>
    public static SpecialTokens Over(SpecialTokens under, TokenizerConfig config, Func<string, int?> idOf)
    {
        ImmutableSortedDictionary<string, string> texts = under.Texts.SetItems(config.Roles);
        int? Id(string role) => texts.TryGetValue(role, out string? text) ? idOf(text) : null;
        return under with
        {
            Texts = texts,
            BosId = Id("bos_token") ?? under.BosId,
            PadId = Id("pad_token") ?? under.PadId,
            EosIds = Id("eos_token") is { } end ? under.EosIds.Add(end) : under.EosIds,
        };
    }

    public static SpecialTokens Read(string modelFolder, TokenizerConfig config, Vocabulary vocabulary)
    {
        ImmutableSortedDictionary<string, string> texts = config.Roles;
        string[] configurations = ["generation_config.json", "config.json"];
        int[]?[] ends = [.. configurations.Select(name => ReadIds(Path.Combine(modelFolder, name), "eos_token_id"))];
        int[]?[] begins = [.. configurations.Select(name => ReadIds(Path.Combine(modelFolder, name), "bos_token_id"))];
        int[]?[] pads = [.. configurations.Select(name => ReadIds(Path.Combine(modelFolder, name), "pad_token_id"))];

        IEnumerable<int> eos = ends.FirstOrDefault(ids => ids is not null) ?? [];
        return new SpecialTokens
        {
            Texts = texts,
            BosId = IdOf(texts, "bos_token", vocabulary) ?? First(begins),
            PadId = IdOf(texts, "pad_token", vocabulary) ?? First(pads),
            EosIds = [.. IdOf(texts, "eos_token", vocabulary) is { } own ? eos.Append(own) : eos],
        };
    }

    private static int? IdOf(ImmutableSortedDictionary<string, string> texts, string role, Vocabulary vocabulary) =>
        texts.TryGetValue(role, out string? text) && vocabulary.TryGetId(text, out int id) ? id : null;

    private static int? First(int[]?[] ids) => ids.FirstOrDefault(item => item is { Length: > 0 })?[0];

    private static int[]? ReadIds(string path, string name)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using JsonDocument config = TokenizerJson.OpenObject(path);
        return config.RootElement.Optional(name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(id => id.Integer(name))],
            { } single => [single.Integer(name)],
        };
    }
}
