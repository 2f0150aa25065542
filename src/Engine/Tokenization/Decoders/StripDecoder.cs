namespace AdapterServe.Engine.Tokenization.Decoders;

/// <summary>Takes at most so many of one character from each token's start and end.</summary>
internal sealed class StripDecoder(char content, int start, int stop) : ITokenDecoder
{
    public DecoderStage Open(DecoderStage next) => new Stage(content, start, stop, next);

    private sealed class Stage(char content, int start, int stop, DecoderStage next) : DecoderStage
    {
        private int _strippedAtStart;
        private int _heldAtEnd;

        public override void Text(ReadOnlySpan<char> text)
        {
            while (_strippedAtStart < start && text.Length > 0)
            {
                bool strip = text[0] == content;
                _strippedAtStart = strip ? _strippedAtStart + 1 : start;
                text = strip ? text[1..] : text;
            }

            if (text.Length == 0)
            {
                return;
            }

            ReadOnlySpan<char> body = text.TrimEnd(content);
            int trailing = text.Length - body.Length;
            if (body.Length > 0)
            {
                Release(_heldAtEnd);
                next.Text(body);
            }

            // Only the last of them can fall away; the earlier ones are text.
            _heldAtEnd += trailing;
            Release(_heldAtEnd - stop);
        }

        public override void EndToken()
        {
            _strippedAtStart = 0;
            _heldAtEnd = 0;
            next.EndToken();
        }

        public override void End() => next.End();

        private void Release(int count)
        {
            if (count > 0)
            {
                next.Text(new string(content, count));
                _heldAtEnd -= count;
            }
        }
    }
}
