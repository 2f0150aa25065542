using System.Globalization;
using System.Text;
using System.Text.Unicode;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>
/// How single tokens are written in log-probabilities: their text; <c>bytes:\xe2\x80</c> where the bytes are no text by themselves, as OpenAI does;
/// <c>token_id:N</c> where another id has the same text, so that no two keys of <c>top_logprobs</c> are equal. Made on first use. Thread safe.
/// </summary>
internal sealed class TokenLabels
{
    private readonly Tokenizer _tokenizer;
    private readonly TokenLabels? _under;
    private readonly Lazy<(Dictionary<int, string> ById, HashSet<string> All)> _labels;

    public TokenLabels(Tokenizer tokenizer)
        : this(tokenizer, null, Enumerable.Range(0, tokenizer.VocabularySize))
    {
    }

    /// <summary>Those of <paramref name="under"/> and of the tokens that only <paramref name="tokenizer"/> knows.</summary>
    public TokenLabels(Tokenizer tokenizer, TokenLabels? under, IEnumerable<int> ids) =>
        (_tokenizer, _under, _labels) = (tokenizer, under, new(() => Make(tokenizer, under, ids)));

    public string Label(int id, bool asId) =>
        asId ? ById(id) : _labels.Value.ById.TryGetValue(id, out var label) ? label : _under?.Label(id, asId) ?? ById(id);

    public byte[] Bytes(int id) => _tokenizer.TokenBytes(id);

    private static (Dictionary<int, string>, HashSet<string>) Make(Tokenizer tokenizer, TokenLabels? under, IEnumerable<int> ids)
    {
        var labels = new Dictionary<int, string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var id in ids)
        {
            var label = tokenizer.IsKnown(id) ? OfBytes(tokenizer.TokenBytes(id)) : ById(id);
            labels[id] = under?._labels.Value.All.Contains(label) != true && seen.Add(label) ? label : ById(id);
        }

        return (labels, seen);
    }

    private static string OfBytes(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        var label = new StringBuilder("bytes:");
        foreach (var value in bytes)
        {
            label.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}");
        }

        return label.ToString();
    }

    private static string ById(int id) => string.Create(CultureInfo.InvariantCulture, $"token_id:{id}");
}
