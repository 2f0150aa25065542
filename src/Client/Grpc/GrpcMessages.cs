using System.Text.Json.Nodes;
using AdapterServe.Client.Completions;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.Client.Grpc;

/// <summary>Requests and pieces of answers as messages.</summary>
internal static class GrpcMessages
{
    public static Wire.CompletionRequest Completion(CompletionRequest request)
    {
        if (request.Prompt is null == request.PromptTokens is null)
        {
            throw new ArgumentException("A request has exactly one of Prompt, PromptTokens and Messages.", nameof(request));
        }

        var prompt = request.Prompt is { } text ? new Wire.Prompt { Text = text } : new Wire.Prompt { TokenIds = new Wire.TokenIds { Ids = { request.PromptTokens } } };
        return new Wire.CompletionRequest { Model = request.Model, Prompt = { prompt }, Options = Options(request) };
    }

    public static Wire.ChatRequest Chat(CompletionRequest request) => request is { Prompt: null, PromptTokens: null }
        ? new Wire.ChatRequest
        {
            Model = request.Model,
            Messages = { request.Messages!.Select(message => new Wire.ChatMessage { Role = message.Role, Content = message.Content }) },
            Options = Options(request),
        }
        : throw new ArgumentException("A request has exactly one of Prompt, PromptTokens and Messages.", nameof(request));

    public static CompletionChunk Chunk(Wire.CompletionResponse piece) => piece.Choices is [var choice, ..]
        ? Chunk(choice.Text, choice.TokenIds, choice.HasFinishReason ? choice.FinishReason : null, isOpening: false, piece.Usage)
        : new CompletionChunk { Usage = Usage(piece.Usage) };

    public static CompletionChunk Chunk(Wire.ChatResponse piece) => piece.Choices is [var choice, ..]
        ? Chunk(choice.Content, choice.TokenIds, choice.HasFinishReason ? choice.FinishReason : null, choice.Role.Length > 0, piece.Usage)
        : new CompletionChunk { Usage = Usage(piece.Usage) };

    private static CompletionChunk Chunk(string text, RepeatedField<int> ids, string? finish, bool isOpening, Wire.Usage? usage) => new()
    {
        Text = text,
        TokenIds = [.. ids],
        Tokens = ids.Count > 0 ? ids.Count : text.Length > 0 || (finish is null && !isOpening) ? 1 : 0,
        FinishReason = finish,
        Usage = Usage(usage),
    };

    private static TokenUsage? Usage(Wire.Usage? usage) => usage is null ? null : new TokenUsage(usage.PromptTokens, usage.CompletionTokens);

    private static Wire.GenerationOptions Options(CompletionRequest request)
    {
        var options = new Wire.GenerationOptions();
        Set(request.MaxTokens, value => options.MaxTokens = value);
        Set(request.MinTokens, value => options.MinTokens = value);
        Set(request.IgnoreEos, value => options.IgnoreEos = value);
        Set(request.ReturnTokenIds, value => options.ReturnTokenIds = value);
        Set(request.Temperature, value => options.Temperature = (float)value);
        Set(request.TopP, value => options.TopP = (float)value);
        Set(request.Seed, value => options.Seed = value);
        if (request.Extra is { Count: > 0 } extra)
        {
            options.More = Struct.Parser.ParseJson(new JsonObject(extra.Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))).ToJsonString());
        }

        return options;
    }

    private static void Set<T>(T? value, Action<T> set)
        where T : struct
    {
        if (value is { } given)
        {
            set(given);
        }
    }
}
