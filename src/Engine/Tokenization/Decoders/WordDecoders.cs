namespace AdapterServe.Engine.Tokenization.Decoders;

/// <summary>A space stands before each token but the first and those that continue a word; <paramref name="cleanup"/> takes it away before punctuation.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanup) : ITokenDecoder
{
    private static readonly (string From, string To)[] Cleaned =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    public DecoderStage Open(DecoderStage next) => new Stage(prefix, cleanup, next);

    /// <summary>Takes away the spaces that a tokenizer of words puts before punctuation and English contractions.</summary>
    public static string Clean(string text) => Cleaned.Aggregate(text, (current, change) => current.Replace(change.From, change.To, StringComparison.Ordinal));

    private sealed class Stage(string prefix, bool cleanup, DecoderStage next) : WholeTokenStage(next)
    {
        private bool _first = true;

        protected override void Token(string token)
        {
            if (!_first)
            {
                token = token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
            }

            _first = false;
            Pass(cleanup ? Clean(token) : token);
        }
    }
}

/// <summary>A suffix marks a word's last token: a space, or nothing at the text's end.</summary>
internal sealed class EndOfWordDecoder(string suffix) : ITokenDecoder
{
    public DecoderStage Open(DecoderStage next) => new Stage(suffix, next);

    private sealed class Stage(string suffix, DecoderStage next) : WholeTokenStage(next)
    {
        private string? _held;

        public override void End()
        {
            if (_held is not null)
            {
                Pass(_held.Replace(suffix, "", StringComparison.Ordinal));
            }

            base.End();
        }

        protected override void Token(string token)
        {
            if (_held is not null)
            {
                Pass(_held.Replace(suffix, " ", StringComparison.Ordinal));
            }

            _held = token;
        }
    }
}
