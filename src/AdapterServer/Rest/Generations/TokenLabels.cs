using System.Globalization;
using System.Text;
using System.Text.Unicode;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>
/// How single tokens are written in log-probabilities: their text; <c>bytes:\xe2\x80</c> where the bytes are no text by themselves, as OpenAI does;
/// <c>token_id:N</c> where another id has the same text, so that no two keys of <c>top_logprobs</c> are equal. Made on first use. Thread safe.
/// </summary>
internal sealed class TokenLabels(Tokenizer tokenizer)
{
    private readonly Lazy<string[]> _labels = new(() => Make(tokenizer));

    public string Label(int id, bool asId) => asId || (uint)id >= (uint)_labels.Value.Length ? ById(id) : _labels.Value[id];

    public byte[] Bytes(int id) => tokenizer.TokenBytes(id).ToArray();

    private static string[] Make(Tokenizer tokenizer)
    {
        var labels = new string[tokenizer.VocabularySize];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var id = 0; id < labels.Length; id++)
        {
            var label = tokenizer.IsKnown(id) ? OfBytes(tokenizer.TokenBytes(id)) : ById(id);
            labels[id] = seen.Add(label) ? label : ById(id);
        }

        return labels;
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
