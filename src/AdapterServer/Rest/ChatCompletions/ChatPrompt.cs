using System.Text.Json.Nodes;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>What a chat template is rendered with.</summary>
/// <param name="Messages">As the client sent them, checked; null members left out.</param>
/// <param name="Tools">As the client sent them, or null.</param>
/// <param name="AddGenerationPrompt">End with the beginning of an answer.</param>
/// <param name="ExtraVariables"><c>chat_template_kwargs</c> and <c>documents</c>, or null.</param>
/// <param name="AddSpecialTokens">Let the tokenizer add its own, besides the template's.</param>
internal sealed record ChatPrompt(JsonArray Messages, JsonArray? Tools, bool AddGenerationPrompt, JsonObject? ExtraVariables, bool AddSpecialTokens);
