using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Rest.Tokenize;

/// <summary>Text and chats to ids, and back.</summary>
internal static class TokenizeEndpoints
{
    public static void MapTokenize(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/tokenize", TokenizeAsync).WithName("Tokenize").Needs(AccessScopes.Infer).WithTags("tokens").TakesJson(OtherSchemas.Tokenize).Produces<TokenizeResponse>();
        routes.MapPost("/detokenize", DetokenizeAsync).WithName("Detokenize").Needs(AccessScopes.Infer).WithTags("tokens").TakesJson(OtherSchemas.Detokenize).Produces<DetokenizeResponse>();
    }

    private static async Task TokenizeAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var answer = await TokenizeHandler.TokenizeAsync(model, body.RootElement, context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, answer, RestJson.Answers.TokenizeResponse).ConfigureAwait(false);
    }

    private static async Task DetokenizeAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var answer = await TokenizeHandler.DetokenizeAsync(model, body.RootElement, context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, answer, RestJson.Answers.DetokenizeResponse).ConfigureAwait(false);
    }
}
