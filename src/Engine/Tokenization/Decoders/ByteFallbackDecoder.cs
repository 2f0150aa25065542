using System.Globalization;
using System.Text;

namespace AdapterServe.Engine.Tokenization.Decoders;

/// <summary>
/// A run of byte tokens <c>&lt;0x00&gt;</c> … <c>&lt;0xFF&gt;</c> is one text where it is UTF-8 as a whole, else one U+FFFD per byte.
/// A run is held until it ends: a later byte decides about the earlier ones.
/// </summary>
internal sealed class ByteFallbackDecoder : ITokenDecoder
{
    public DecoderStage Open(DecoderStage next) => new Stage(next);

    public static bool TryByte(string token, out byte value)
    {
        value = 0;
        return token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private sealed class Stage(DecoderStage next) : WholeTokenStage(next)
    {
        private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
        private readonly List<byte> _run = [];

        public override void End()
        {
            EndRun();
            base.End();
        }

        protected override void Token(string token)
        {
            if (TryByte(token, out byte value))
            {
                _run.Add(value);
                return;
            }

            EndRun();
            Pass(token);
        }

        private void EndRun()
        {
            if (_run.Count == 0)
            {
                return;
            }

            byte[] bytes = [.. _run];
            _run.Clear();
            if (System.Text.Unicode.Utf8.IsValid(bytes))
            {
                Pass(Strict.GetString(bytes));
                return;
            }

            foreach (byte _ in bytes)
            {
                Pass("\uFFFD");
            }
        }
    }
}
