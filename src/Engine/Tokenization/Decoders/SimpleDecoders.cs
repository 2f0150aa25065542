using AdapterServe.Engine.Tokenization.Normalizers;
using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Tokenization.Decoders;

/// <summary>All tokens become one, so that what follows sees the text as a whole.</summary>
internal sealed class FuseDecoder : ITokenDecoder
{
    public DecoderStage Open(DecoderStage next) => new Stage(next);

    private sealed class Stage(DecoderStage next) : DecoderStage
    {
        public override void Text(ReadOnlySpan<char> text) => next.Text(text);

        public override void EndToken()
        {
        }

        public override void End()
        {
            next.EndToken();
            next.End();
        }
    }
}

/// <summary>Replaces a pattern within each token.</summary>
internal sealed class ReplaceDecoder(TextPattern pattern, string content) : ITokenDecoder
{
    private readonly ReplaceNormalizer _replace = new(pattern, content);

    public DecoderStage Open(DecoderStage next) => new Stage(_replace, next);

    private sealed class Stage(ReplaceNormalizer replace, DecoderStage next) : WholeTokenStage(next)
    {
        protected override void Token(string token) => Pass(replace.Normalize(token));
    }
}

/// <summary>Spaces come back from their visible character; those of the first token go where the scheme puts one there.</summary>
internal sealed class MetaspaceDecoder(char replacement, bool prepended) : ITokenDecoder
{
    public DecoderStage Open(DecoderStage next) => new Stage(replacement, prepended, next);

    private sealed class Stage(char replacement, bool prepended, DecoderStage next) : WholeTokenStage(next)
    {
        private bool _first = prepended;

        protected override void Token(string token)
        {
            string space = _first ? "" : " ";
            _first = false;
            Pass(token.Replace(replacement.ToString(), space, StringComparison.Ordinal));
        }
    }
}

/// <summary>Tokens are words: a space stands between them. What a file without a decoder means.</summary>
internal sealed class SpaceJoiningDecoder : ITokenDecoder
{
    public DecoderStage Open(DecoderStage next) => new Stage(next);

    private sealed class Stage(DecoderStage next) : WholeTokenStage(next)
    {
        private bool _first = true;

        protected override void Token(string token)
        {
            Pass(_first ? token : " " + token);
            _first = false;
        }
    }
}
