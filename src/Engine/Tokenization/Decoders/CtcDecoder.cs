namespace AdapterServe.Engine.Tokenization.Decoders;

/// <summary>Of a run of equal tokens one is kept; the pad token goes, and with <paramref name="cleanup"/> the delimiter becomes a space.</summary>
internal sealed class CtcDecoder(string pad, string delimiter, bool cleanup) : ITokenDecoder
{
    public DecoderStage Open(DecoderStage next) => new Stage(pad, delimiter, cleanup, next);

    private sealed class Stage(string pad, string delimiter, bool cleanup, DecoderStage next) : WholeTokenStage(next)
    {
        private string? _last;

        protected override void Token(string token)
        {
            if (token == _last)
            {
                return;
            }

            _last = token;
            string text = Without(token, pad, "");
            text = cleanup ? Without(WordPieceDecoder.Clean(text), delimiter, " ") : text;
            if (text.Length > 0)
            {
                Pass(text);
            }
        }

        private static string Without(string text, string part, string replacement) =>
            part.Length == 0 ? text : text.Replace(part, replacement, StringComparison.Ordinal);
    }
}
