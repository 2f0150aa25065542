using System.Globalization;
using System.Text.Json.Nodes;
using AdapterServe.Client.Completions;
using AdapterServe.LoadTest.Plans;
using AdapterServe.LoadTest.Popularity;
using AdapterServe.LoadTest.Prompts;

namespace AdapterServe.LoadTest.Sending;

/// <summary>
/// A planned request in a server's dialect. <b>Semantics</b>: greedy, of exactly the planned length where the server takes the extensions for it. The
/// adapter stands where the model does, several as AdapterServe's <c>adapters</c> with equal weights that sum to 1; llama.cpp has its adapters by
/// number, in <c>lora</c>.
/// </summary>
internal static class RequestWriter
{
    public static CompletionRequest Write(PlannedRequest request, ServerFacts server)
    {
        var kind = server.Kind;
        var adapters = request.Adapter?.Split(AdapterMix.Sum) ?? [];
        var isText = server.IsChat || server.VocabularySize is null;
        var text = isText ? PromptMaker.Text(request.PromptSeed, server.Words.WordsFor(request.PromptTokens)) : null;
        return new CompletionRequest
        {
            Model = kind == ServerKind.LlamaCpp || adapters.Length != 1 ? server.Model : adapters[0],
            Messages = server.IsChat ? [new ChatMessage("user", text!)] : null,
            Prompt = server.IsChat ? null : text,
            PromptTokens = isText ? null : PromptMaker.Tokens(request.PromptSeed, request.PromptTokens, server.VocabularySize!.Value),
            MaxTokens = request.OutputTokens,
            MinTokens = kind.TakesMinTokens() ? request.OutputTokens : null,
            IgnoreEos = kind.IgnoresEos() ? true : null,
            ReturnTokenIds = kind.ReturnsTokenIds() ? true : null,
            Temperature = 0,
            Extra = kind == ServerKind.LlamaCpp ? Lora(adapters) : adapters.Length > 1 ? Several(adapters) : null,
        };
    }

    private static Dictionary<string, JsonNode?> Several(string[] adapters) => new()
    {
        ["adapters"] = new JsonArray([.. adapters.Select(name => new JsonObject { ["name"] = name, ["weight"] = 1.0 / adapters.Length })]),
    };

    private static Dictionary<string, JsonNode?> Lora(string[] adapters) => new()
    {
        ["lora"] = new JsonArray([.. adapters.Select(name => new JsonObject { ["id"] = Number(name), ["scale"] = 1.0 / adapters.Length })]),
    };

    private static int Number(string adapter) => int.TryParse(adapter, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new UserErrorException($"llama.cpp's adapters are numbers, not '{adapter}'; GET /lora-adapters of the server lists them.");
}
