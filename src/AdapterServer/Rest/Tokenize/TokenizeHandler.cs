using System.Text.Json;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.ChatCompletions;
using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Tokenize;

/// <summary>Text and chats to ids, and back, from the JSON of the request, whichever interface it came over.</summary>
internal static class TokenizeHandler
{
    public static TokenizeResponse Tokenize(ServingModel model, JsonElement body)
    {
        var request = TokenizeParser.ParseTokenize(body);
        var text = TextOf(model, request.Model);
        var ids = request.Chat is { } chat
            ? text.Tokens.Encode(ChatRenderer.Render(text, chat), chat.AddSpecialTokens, "messages")
            : text.Tokens.Encode(request.Text!, request.AddSpecialTokens, "prompt");
        var strings = request.ReturnTokenStrings ? Array.ConvertAll(ids, id => text.Tokens.Labels.Label(id, asId: false)) : null;
        return new TokenizeResponse(ids.Length, model.Facts.ContextTokens, ids, strings);
    }

    public static DetokenizeResponse Detokenize(ServingModel model, JsonElement body)
    {
        var text = TextOf(model, new JsonFields(body).String("model"));
        return new DetokenizeResponse(text.Tokens.Decode(TokenizeParser.ParseDetokenize(body, text.Facts)));
    }

    private static ServingText TextOf(ServingModel model, string? name) => name is null ? model.Texts.Base : model.Texts.Of(model.ResolveAdapter(name));
}
