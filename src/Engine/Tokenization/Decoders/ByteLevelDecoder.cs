using System.Text;

namespace AdapterServe.Engine.Tokenization.Decoders;

/// <summary>
/// All tokens' bytes are one UTF-8 text, in which malformed stretches become U+FFFD. A token with any character outside the byte alphabet
/// (an added token) stands for its own UTF-8 bytes.
/// </summary>
internal sealed class ByteLevelDecoder : ITokenDecoder
{
    public DecoderStage Open(DecoderStage next) => new Stage(next);

    public static byte[] ToBytes(string token)
    {
        var bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            if (!ByteAlphabet.TryToByte(token[i], out bytes[i]))
            {
                return Encoding.UTF8.GetBytes(token);
            }
        }

        return bytes;
    }

    private sealed class Stage(DecoderStage next) : WholeTokenStage(next)
    {
        private readonly Decoder _utf8 = new UTF8Encoding(false, throwOnInvalidBytes: false).GetDecoder();

        public override void End()
        {
            Emit([], flush: true);
            Next.EndToken();
            Next.End();
        }

        protected override void Token(string token) => Emit(ToBytes(token), flush: false);

        private void Emit(byte[] bytes, bool flush)
        {
            // The decoder keeps up to three bytes from before.
            var text = new char[bytes.Length + 4];
            int length = _utf8.GetChars(bytes, text, flush);
            Next.Text(text.AsSpan(0, length));
        }
    }
}
