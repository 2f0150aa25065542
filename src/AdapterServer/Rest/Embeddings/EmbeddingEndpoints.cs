using System.Collections.Immutable;
using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Completions;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.AdapterStore.Access;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;

namespace AdapterServe.AdapterServer.Rest.Embeddings;

/// <summary>OpenAI's embeddings: the prompt's pooled hidden states, of the base or with an adapter, in the same steps as everybody's answers.</summary>
internal static class EmbeddingEndpoints
{
    public static void MapEmbeddings(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/embeddings", EmbedAsync).WithName("CreateEmbedding").Needs(AccessScopes.Infer).WithTags("embeddings").TakesJson(GenerationSchemas.Embedding).Produces<EmbeddingResponse>();

    private static async Task EmbedAsync(HttpContext context, ServingModel model)
    {
        var (target, request) = await ReadAsync(context, model).ConfigureAwait(false);
        ImmutableArray<PreparedPrompt> prompts = [.. request.Inputs.Select(input => Prepare(target, request, input))];
        using var running = await GenerationStarter.StartAsync(model, target, Settings(model, request), prompts, 0, null, context.RequestAborted).ConfigureAwait(false);
        await running.ReadToEndAsync(context.RequestAborted).ConfigureAwait(false);
        var items = running.Choices.Select(choice => new EmbeddingItem(
            "embedding", choice.Index, new EmbeddingVector(choice.Text.Generation.Pooled!.Normalized(request.Dimensions), request.IsBase64))).ToList();
        var tokens = prompts.Sum(prompt => prompt.Ids.Length);
        await JsonAnswer.WriteAsync(context, new EmbeddingResponse("list", items, target.Model, new EmbeddingUsage(tokens, tokens)), RestJson.Answers.EmbeddingResponse).ConfigureAwait(false);
    }

    private static async Task<(RequestTarget Target, EmbeddingRequest Request)> ReadAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var fields = new JsonFields(body.RootElement);
        var target = await RequestTarget.OfAsync(model, fields, RequestId.Of(context), context.RequestAborted).ConfigureAwait(false);
        return (target, EmbeddingParser.Parse(fields, target.Facts, model.Engine.Limits.HiddenSize, model.Options.MaxRequestSequences));
    }

    private static PreparedPrompt Prepare(RequestTarget target, EmbeddingRequest request, CompletionPrompt input) =>
        input.Ids is { } ids ? target.Text.Tokens.PrepareIds(ids) : target.Text.Tokens.PrepareText(input.Text!, request.AddSpecialTokens, "input");

    private static GenerationSettings Settings(ServingModel model, EmbeddingRequest request) => new()
    {
        N = 1,
        BestOf = 1,
        MaxTokens = 0,
        LogProbs = null,
        PromptLogProbs = null,
        Stream = false,
        IncludeUsage = false,
        Priority = request.Priority,
        Stops = StopStrings.None,
        Sampling = SamplingParameters.Greedy,
        Pooling = model.Pooling.Kind,
        ReturnTokenIds = false,
        SkipSpecialTokens = true,
        TokensAsIds = false,
    };
}
