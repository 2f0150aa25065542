namespace AdapterServe.Engine.Tokenization.Normalizers;

/// <summary>Rewrites a stretch of text between added tokens before it is split. Immutable, thread safe.</summary>
internal interface INormalizer
{
    string Normalize(string text);
}
