using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.ChatCompletions;
using AdapterServe.AdapterServer.Rest.Descriptions;

namespace AdapterServe.AdapterServer.Rest.Tokenize;

/// <summary>Text and chats to ids, and back.</summary>
internal static class TokenizeEndpoints
{
    public static void MapTokenize(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/tokenize", TokenizeAsync).WithName("Tokenize").WithTags("tokens").TakesJson(OtherSchemas.Tokenize).Produces<TokenizeResponse>();
        routes.MapPost("/detokenize", DetokenizeAsync).WithName("Detokenize").WithTags("tokens").TakesJson(OtherSchemas.Detokenize).Produces<DetokenizeResponse>();
    }

    private static async Task TokenizeAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var request = TokenizeParser.ParseTokenize(body.RootElement);
        CheckModel(model, request.Model);
        var ids = request.Chat is { } chat
            ? model.Tokens.Encode(ChatRenderer.Render(model, chat), chat.AddSpecialTokens, "messages")
            : model.Tokens.Encode(request.Text!, request.AddSpecialTokens, "prompt");
        var strings = request.ReturnTokenStrings ? Array.ConvertAll(ids, id => model.Tokens.Labels.Label(id, asId: false)) : null;
        await JsonAnswer.WriteAsync(context, new TokenizeResponse(ids.Length, model.Facts.ContextTokens, ids, strings), RestJson.Answers.TokenizeResponse).ConfigureAwait(false);
    }

    private static async Task DetokenizeAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var request = TokenizeParser.ParseDetokenize(body.RootElement, model.Facts);
        CheckModel(model, request.Model);
        await JsonAnswer.WriteAsync(context, new DetokenizeResponse(model.Tokens.Decode(request.Tokens)), RestJson.Answers.DetokenizeResponse).ConfigureAwait(false);
    }

    /// <summary>Adapters share the base's tokens, so the model only has to exist.</summary>
    private static void CheckModel(ServingModel model, string? name)
    {
        if (name is not null)
        {
            model.ResolveAdapter(name);
        }
    }
}
