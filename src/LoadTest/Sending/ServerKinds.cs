namespace AdapterServe.LoadTest.Sending;

internal static class ServerKinds
{
    /// <summary>By the <c>owned_by</c> of its models.</summary>
    public static ServerKind Guess(string? ownedBy) => ownedBy switch
    {
        "adapterserve" => ServerKind.AdapterServe,
        "vllm" => ServerKind.Vllm,
        "llamacpp" => ServerKind.LlamaCpp,
        _ => ServerKind.OpenAi,
    };

    public static ServerKind Parse(string name) => name switch
    {
        "adapterserve" => ServerKind.AdapterServe,
        "vllm" => ServerKind.Vllm,
        "llamacpp" => ServerKind.LlamaCpp,
        "openai" => ServerKind.OpenAi,
        _ => throw new UserErrorException($"There is no kind of server '{name}'; there are adapterserve, vllm, llamacpp and openai."),
    };

    public static string Name(this ServerKind kind) => kind switch
    {
        ServerKind.AdapterServe => "AdapterServe",
        ServerKind.Vllm => "vLLM",
        ServerKind.LlamaCpp => "llama.cpp",
        _ => "OpenAI-compatible",
    };

    /// <summary>Takes <c>ignore_eos</c>, so that answers have the planned length.</summary>
    public static bool IgnoresEos(this ServerKind kind) => kind != ServerKind.OpenAi;

    public static bool TakesMinTokens(this ServerKind kind) => kind is ServerKind.AdapterServe or ServerKind.Vllm;

    /// <summary>Takes prompts as ids that were drawn from the whole vocabulary.</summary>
    public static bool TakesTokenIds(this ServerKind kind) => kind != ServerKind.OpenAi;

    /// <summary>Takes the weighted sum of several adapters in one request.</summary>
    public static bool TakesSeveralAdapters(this ServerKind kind) => kind is ServerKind.AdapterServe or ServerKind.LlamaCpp;

    public static bool ReturnsTokenIds(this ServerKind kind) => kind is ServerKind.AdapterServe or ServerKind.Vllm;
}
