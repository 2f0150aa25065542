namespace AdapterServe.AdapterServer.Commands;

/// <summary>What was imported.</summary>
/// <param name="Id">The name under which it will be served.</param>
/// <param name="Fingerprint">Of its content.</param>
/// <param name="Folder">The model's.</param>
/// <param name="Layers">How many.</param>
/// <param name="HiddenSize">Components of a hidden state.</param>
/// <param name="VocabularySize">Token ids are in [0, size).</param>
/// <param name="ContextTokens">Most tokens of a sequence.</param>
/// <param name="Cache">Where the import lies.</param>
public sealed record ImportSummary(string Id, string Fingerprint, string Folder, int Layers, int HiddenSize, int VocabularySize, int ContextTokens, string Cache);
