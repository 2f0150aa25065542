namespace AdapterServe.Engine.ChatTemplates.Syntax;

/// <summary>Walks over a template's tokens; the last one is the end and is never passed.</summary>
internal sealed class TokenReader(List<Token> tokens)
{
    /// <summary>Deeper nesting than any real template has; the tree's depth bounds the stack.</summary>
    private const int MaxDepth = 100;

    private int _at;
    private int _depth;

    public Token Current => tokens[_at];

    public Token Next => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public int Position => _at;

    /// <summary>Whether a name occurs between a position and here.</summary>
    public bool Mentions(string name, int start) => tokens.GetRange(start, _at - start).Exists(token => token.Kind == TokenKind.Name && token.Text == name);

    public Token Take()
    {
        Token token = Current;
        _at = Math.Min(_at + 1, tokens.Count - 1);
        return token;
    }

    public bool TryTake(string text)
    {
        bool found = Current.Is(text);
        if (found)
        {
            Take();
        }

        return found;
    }

    public void Expect(string text)
    {
        if (!TryTake(text))
        {
            throw Error($"\"{text}\" is expected before \"{Current.Text}\"");
        }
    }

    public Token Expect(TokenKind kind, string what) => Current.Kind == kind ? Take() : throw Error($"{what} is expected before \"{Current.Text}\"");

    public string Name() => Expect(TokenKind.Name, "a name").Text;

    /// <summary>Runs a part of the grammar that may contain itself.</summary>
    public T Nested<T>(Func<T> parse)
    {
        if (++_depth > MaxDepth)
        {
            throw Error("it is nested too deeply");
        }

        T result = parse();
        _depth--;
        return result;
    }

    public ChatTemplateException Error(string what) => new($"The chat template is malformed in line {Current.Line}: {what}.");
}
