using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using AdapterServe.Engine.Tokenization.AddedTokens;

namespace AdapterServe.Engine.Tokenization;

/// <summary>
/// What <c>tokenizer_config.json</c>, and the older <c>special_tokens_map.json</c>, say of tokens. <b>Semantics</b>: as transformers 5 reads them beside a
/// <c>tokenizer.json</c>: the flags in <c>added_tokens_decoder</c> replace those of the file, the tokens with a role are special, <c>add_bos_token</c> and
/// <c>add_eos_token</c> do not count, since the file's post-processor says it. A token that the file has no id for stays unknown.
/// </summary>
internal sealed class TokenizerConfig
{
    private static readonly string[] RoleNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    private readonly ImmutableArray<AddedToken> _flags;
    private readonly ImmutableArray<AddedToken> _special;

    private TokenizerConfig(JsonElement? config, JsonElement? map)
    {
        if (config?.Flag("split_special_tokens", false) == true)
        {
            throw new TokenizerException("tokenizer_config.json asks to split special tokens, which no chat template works with; split_special_tokens must be false.");
        }

        JsonElement? Field(string name) => config?.Optional(name) ?? map?.Optional(name);
        var roles = RoleNames.Select(role => (Role: role, Token: Field(role))).Where(item => item.Token is not null).Select(item => (item.Role, Token: Special(item.Token!.Value))).ToArray();
        Roles = roles.ToImmutableSortedDictionary(item => item.Role, item => item.Token.Content, StringComparer.Ordinal);
        _special = [.. roles.Select(item => item.Token), .. More(Field("additional_special_tokens")), .. More(Field("extra_special_tokens"))];
        _flags = [.. config?.Optional("added_tokens_decoder")?.Members("added_tokens_decoder").Select(Flags) ?? []];
    }

    /// <summary>Role (<c>bos_token</c>, …) → text, for those that have one.</summary>
    public ImmutableSortedDictionary<string, string> Roles { get; }

    /// <summary><b>Errors</b>: <see cref="TokenizerException"/> for a malformed file; none where there is no file.</summary>
    public static TokenizerConfig Read(string modelFolder)
    {
        using JsonDocument? config = OpenOptional(modelFolder, "tokenizer_config.json");
        using JsonDocument? map = OpenOptional(modelFolder, "special_tokens_map.json");
        return new TokenizerConfig(config?.RootElement, map?.RootElement);
    }

    /// <summary>Changes the flags of added tokens, and adds those that have an id but no place in the list.</summary>
    public void ApplyTo(Dictionary<int, AddedToken> added, Func<string, int?> idOf)
    {
        foreach (AddedToken token in _flags)
        {
            if (idOf(token.Content) is { } id)
            {
                added[id] = token with { Id = id };
            }
        }

        foreach (AddedToken token in _special)
        {
            if (idOf(token.Content) is { } id && !added.ContainsKey(id))
            {
                added[id] = token with { Id = id };
            }
        }
    }

    private static JsonDocument? OpenOptional(string modelFolder, string name) =>
        Path.Combine(modelFolder, name) is var path && File.Exists(path) ? TokenizerJson.OpenObject(path) : null;

    private static AddedToken Flags(JsonProperty entry) =>
        int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            ? AddedToken.Read(entry.Value, id)
            : throw new TokenizerException($"tokenizer_config.json: \"{entry.Name}\" in added_tokens_decoder is no token id.");

    // Lists, or objects from names to tokens.
    private static IEnumerable<AddedToken> More(JsonElement? tokens) => tokens switch
    {
        null => [],
        { ValueKind: JsonValueKind.Object } named => named.EnumerateObject().Select(member => Special(member.Value)),
        { } list => list.Items("additional_special_tokens").Select(Special),
    };

    private static AddedToken Special(JsonElement token) => token.ValueKind == JsonValueKind.Object
        ? AddedToken.Read(token, id: 0) with { Special = true }
        : new AddedToken { Id = 0, Content = token.Text("A special token"), Special = true };
}
