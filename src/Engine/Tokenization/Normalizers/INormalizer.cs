namespace AdapterServe.Engine.Tokenization.Normalizers;

/// <summary>Changes a text before it is split. Immutable, thread safe.</summary>
internal interface INormalizer
{
    string Normalize(string text);

    /// <summary>Whether what the text begins with is still there, changed or not. Where it is dropped, nothing counts as the input's start.</summary>
    bool KeepsStart(string text) => true;
}
