using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.ChatCompletions;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterServer.Rest.Generations;

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
        var text = await TextOfAsync(model, request.Model, context.RequestAborted).ConfigureAwait(false);
        var ids = request.Chat is { } chat
            ? text.Tokens.Encode(ChatRenderer.Render(text, chat), chat.AddSpecialTokens, "messages")
            : text.Tokens.Encode(request.Text!, request.AddSpecialTokens, "prompt");
        var strings = request.ReturnTokenStrings ? Array.ConvertAll(ids, id => text.Tokens.Labels.Label(id, asId: false)) : null;
        await JsonAnswer.WriteAsync(context, new TokenizeResponse(ids.Length, model.Facts.ContextTokens, ids, strings), RestJson.Answers.TokenizeResponse).ConfigureAwait(false);
    }

    private static async Task DetokenizeAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var text = await TextOfAsync(model, new JsonFields(body.RootElement).String("model"), context.RequestAborted).ConfigureAwait(false);
        var ids = TokenizeParser.ParseDetokenize(body.RootElement, text.Facts);
        await JsonAnswer.WriteAsync(context, new DetokenizeResponse(text.Tokens.Decode(ids)), RestJson.Answers.DetokenizeResponse).ConfigureAwait(false);
    }

    private static async Task<ServingText> TextOfAsync(ServingModel model, string? name, CancellationToken cancellationToken) =>
        name is null ? model.Texts.Base : model.Texts.Of(await model.LookAsync(() => model.ResolveAdapter(name), cancellationToken).ConfigureAwait(false));
}
