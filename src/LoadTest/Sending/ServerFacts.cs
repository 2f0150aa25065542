using AdapterServe.LoadTest.Prompts;

namespace AdapterServe.LoadTest.Sending;

/// <summary>How requests for a server are written.</summary>
/// <param name="Kind">Whose extensions it takes.</param>
/// <param name="Model">The base's name.</param>
/// <param name="VocabularySize">Prompts are token ids below it; null: text.</param>
/// <param name="IsChat">Chats rather than completions; always text.</param>
/// <param name="Words">How much text makes so many tokens.</param>
internal sealed record ServerFacts(ServerKind Kind, string Model, int? VocabularySize, bool IsChat, WordRate Words);
