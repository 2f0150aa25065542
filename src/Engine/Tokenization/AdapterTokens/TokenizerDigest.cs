using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace AdapterServe.Engine.Tokenization.AdapterTokens;

/// <summary>
/// What a <c>tokenizer.json</c> says apart from its added tokens, so that two files can be compared.
/// <b>Semantics</b>: equal for files that say the same in another order, another notation of merges, or with other fields that say nothing (null, false, empty, or without
/// effect on ids and text).
/// </summary>
internal static class TokenizerDigest
{
    public const string PostProcessor = "post_processor";

    /// <summary>Sections that make another tokenizer where they differ.</summary>
    public static readonly ImmutableArray<string> Identity = ["model", "normalizer", "pre_tokenizer", "decoder"];

    /// <summary>Section → SHA-256.</summary>
    public static ImmutableSortedDictionary<string, string> Of(JsonElement json) =>
        Identity.Append(PostProcessor).ToImmutableSortedDictionary(section => section, section => Of(json.Optional(section), StringComparer.Ordinal), StringComparer.Ordinal);

    private static string Of(JsonElement? section, StringComparer order)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (section is { } value)
        {
            Append(hash, value, order);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, JsonElement value, StringComparer order)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                hash.AppendData("{"u8);
                foreach (JsonProperty member in value.EnumerateObject().Where(Says).OrderBy(member => member.Name, order))
                {
                    AppendText(hash, member.Name);
                    AppendMember(hash, member, order);
                }

                hash.AppendData("}"u8);
                break;
            case JsonValueKind.Array:
                hash.AppendData("["u8);
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Append(hash, item, order);
                }

                hash.AppendData("]"u8);
                break;
            case JsonValueKind.String:
                AppendText(hash, value.Text("A tokenizer's text"));
                break;
            case JsonValueKind.Number:
                hash.AppendData("#"u8);
                hash.AppendData(BitConverter.GetBytes(value.GetDouble()));
                break;
            default:
                AppendText(hash, value.GetRawText());
                break;
        }
    }

    /// <summary>A merge is a pair, or one text with a space in between.</summary>
    private static void AppendMember(IncrementalHash hash, JsonProperty member, StringComparer order)
    {
        if (member.Name != "merges" || member.Value.ValueKind != JsonValueKind.Array)
        {
            Append(hash, member.Value, order);
            return;
        }

        foreach (JsonElement merge in member.Value.EnumerateArray())
        {
            AppendText(hash, merge.ValueKind == JsonValueKind.Array ? string.Join(' ', merge.EnumerateArray().Select(part => part.Text("A merge's part"))) : merge.Text("A merge"));
        }
    }

    private static void AppendText(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }

    private static bool Says(JsonProperty member) => member.Name != "trim_offsets" && member.Value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => false,
        JsonValueKind.String => !member.Value.ValueEquals(""u8),
        JsonValueKind.True => member.Name != "use_regex",
        _ => true,
    };
}
