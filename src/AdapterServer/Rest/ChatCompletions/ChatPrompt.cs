using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Rest.Tools;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>What a chat template is rendered with.</summary>
/// <param name="Messages">As the client sent them, checked; null members left out.</param>
/// <param name="Tools">What may be called, or null.</param>
/// <param name="AddGenerationPrompt">End with the beginning of an answer.</param>
/// <param name="ExtraVariables"><c>chat_template_kwargs</c> and <c>documents</c>, or null.</param>
/// <param name="AddSpecialTokens">Let the tokenizer add its own, besides the template's.</param>
internal sealed record ChatPrompt(JsonArray Messages, ToolRequest? Tools, bool AddGenerationPrompt, JsonObject? ExtraVariables, bool AddSpecialTokens);
