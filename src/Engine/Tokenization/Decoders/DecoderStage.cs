using System.Text;

namespace AdapterServe.Engine.Tokenization.Decoders;

/// <summary>
/// One running step of a decoding. A token comes as any number of <see cref="Text"/> calls and one <see cref="EndToken"/>; <see cref="End"/> ends the
/// decoding. Text leaves a stage as early as nothing later can change it, so that streaming and whole decoding are the same code.
/// </summary>
internal abstract class DecoderStage
{
    public abstract void Text(ReadOnlySpan<char> text);

    public abstract void EndToken();

    public abstract void End();
}

/// <summary>Where the final text gathers.</summary>
internal sealed class CollectingStage : DecoderStage
{
    private readonly StringBuilder _text = new();

    public override void Text(ReadOnlySpan<char> text) => _text.Append(text);

    public override void EndToken()
    {
    }

    public override void End()
    {
    }

    public string Take()
    {
        string text = _text.ToString();
        _text.Clear();
        return text;
    }
}

/// <summary>A stage that needs each token whole.</summary>
internal abstract class WholeTokenStage(DecoderStage next) : DecoderStage
{
    private readonly StringBuilder _token = new();

    protected DecoderStage Next { get; } = next;

    public sealed override void Text(ReadOnlySpan<char> text) => _token.Append(text);

    public sealed override void EndToken()
    {
        string token = _token.ToString();
        _token.Clear();
        Token(token);
    }

    public override void End() => Next.End();

    protected abstract void Token(string token);

    protected void Pass(string token)
    {
        Next.Text(token);
        Next.EndToken();
    }
}
