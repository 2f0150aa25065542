using System.Text.Json;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.ChatCompletions;
using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Tokenize;

/// <summary>Text and chats to ids, and back, from the JSON of the request, whichever interface it came over.</summary>
internal static class TokenizeHandler
{
    public static async Task<TokenizeResponse> TokenizeAsync(ServingModel model, JsonElement body, CancellationToken cancellationToken)
    {
        var request = TokenizeParser.ParseTokenize(body);
        var text = await TextOfAsync(model, request.Model, cancellationToken).ConfigureAwait(false);
        var ids = request.Chat is { } chat
            ? text.Tokens.Encode(ChatRenderer.Render(text, chat), chat.AddSpecialTokens, "messages")
            : text.Tokens.Encode(request.Text!, request.AddSpecialTokens, "prompt");
        var strings = request.ReturnTokenStrings ? Array.ConvertAll(ids, id => text.Tokens.Labels.Label(id, asId: false)) : null;
        return new TokenizeResponse(ids.Length, model.Facts.ContextTokens, ids, strings);
    }

    public static async Task<DetokenizeResponse> DetokenizeAsync(ServingModel model, JsonElement body, CancellationToken cancellationToken)
    {
        var text = await TextOfAsync(model, new JsonFields(body).String("model"), cancellationToken).ConfigureAwait(false);
        return new DetokenizeResponse(text.Tokens.Decode(TokenizeParser.ParseDetokenize(body, text.Facts)));
    }

    private static async Task<ServingText> TextOfAsync(ServingModel model, string? name, CancellationToken cancellationToken) =>
        name is null
            ? model.Texts.Base
            : await model.Texts.OfAsync(await model.LookAsync(() => model.ResolveAdapter(name), cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
}
