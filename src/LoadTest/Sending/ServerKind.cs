namespace AdapterServe.LoadTest.Sending;

/// <summary>Whose extensions of OpenAI's interface a server takes.</summary>
internal enum ServerKind
{
    AdapterServe,
    Vllm,
    LlamaCpp,
    OpenAi,
}
