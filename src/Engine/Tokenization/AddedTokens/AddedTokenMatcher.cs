using System.Buffers;
using System.Text;

namespace AdapterServe.Engine.Tokenization.AddedTokens;

/// <summary>
/// Finds added tokens in a text: leftmost first, of those the longest, none overlapping. Immutable, thread safe.
/// </summary>
internal sealed class AddedTokenMatcher
{
    private readonly Node _root = new();
    private readonly SearchValues<char> _firstCharacters;

    /// <param name="tokens">Each with the text to look for; empty ones are left out.</param>
    public AddedTokenMatcher(IEnumerable<(string Wanted, AddedToken Token)> tokens)
    {
        foreach ((string wanted, AddedToken token) in tokens.Where(item => item.Wanted.Length > 0))
        {
            Node node = _root;
            foreach (char character in wanted)
            {
                if (!node.Children.TryGetValue(character, out Node? child))
                {
                    node.Children.Add(character, child = new Node());
                }

                node = child;
            }

            node.Token ??= token;
        }

        _firstCharacters = SearchValues.Create([.. _root.Children.Keys]);
    }

    /// <summary>
    /// Calls back for each stretch of the text in order: (start, end, null) for text in between, (start, end, token) for a token.
    /// </summary>
    public void Split(string text, Action<int, int, AddedToken?> onStretch)
    {
        int from = 0;
        for (int at = 0; TryFind(text, at, out int start, out int end, out AddedToken? token);)
        {
            at = end;
            if (token.SingleWord && (IsWord(text, start - 1) || IsWord(text, end)))
            {
                continue;
            }

            while (token.LeftStrip && start > from && char.IsWhiteSpace(text[start - 1]))
            {
                start--;
            }

            while (token.RightStrip && end < text.Length && char.IsWhiteSpace(text[end]))
            {
                end++;
            }

            if (start > from)
            {
                onStretch(from, start, null);
            }

            onStretch(start, end, token);
            from = end;
        }

        if (from < text.Length)
        {
            onStretch(from, text.Length, null);
        }
    }

    private bool TryFind(string text, int from, out int start, out int end, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out AddedToken? token)
    {
        for (start = from; text.AsSpan(start).IndexOfAny(_firstCharacters) is var skip and >= 0; start++)
        {
            start += skip;
            if (TryLongest(text, start, out end, out token))
            {
                return true;
            }
        }

        end = 0;
        token = null;
        return false;
    }

    private bool TryLongest(string text, int start, out int end, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out AddedToken? token)
    {
        end = 0;
        token = null;
        Node? node = _root;
        for (int i = start; i < text.Length && node.Children.TryGetValue(text[i], out node); i++)
        {
            if (node.Token is not null)
            {
                token = node.Token;
                end = i + 1;
            }
        }

        return token is not null;
    }

    private static bool IsWord(string text, int index)
    {
        if ((uint)index >= (uint)text.Length)
        {
            return false;
        }

        int start = char.IsLowSurrogate(text[index]) && index > 0 ? index - 1 : index;
        return Rune.DecodeFromUtf16(text.AsSpan(start), out Rune rune, out _) == OperationStatus.Done && CharacterClasses.IsWord(rune);
    }

    private sealed class Node
    {
        public Dictionary<char, Node> Children { get; } = [];

        public AddedToken? Token { get; set; }
    }
}
