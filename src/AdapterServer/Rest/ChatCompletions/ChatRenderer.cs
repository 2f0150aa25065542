using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.Engine.ChatTemplates;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>Renders a chat with the model's template and tokenizes it.</summary>
internal static class ChatRenderer
{
    private const string Developer = "developer";

    /// <param name="text">Of the model.</param>
    /// <param name="prompt">The chat.</param>
    /// <param name="end">What stands behind it.</param>
    /// <remarks><b>Errors</b>: 400 <c>chat_template_error</c> with the template's own words, 400 <c>no_chat_template</c>.</remarks>
    public static PreparedPrompt Prepare(ServingText text, ChatPrompt prompt, string end) =>
        text.Tokens.PrepareText(Render(text, prompt) + end, prompt.AddSpecialTokens, "messages");

    public static string Render(ServingText text, ChatPrompt prompt)
    {
        if (text.Template is not { } template)
        {
            throw new ApiException(400, ErrorCodes.NoChatTemplate, "The model has no chat template; use /v1/completions.", "messages");
        }

        try
        {
            return template.Render(Known(prompt.Messages, template), prompt.Tools?.Definitions, prompt.AddGenerationPrompt, prompt.ExtraVariables);
        }
        catch (ChatTemplateException e)
        {
            throw new ApiException(400, ErrorCodes.ChatTemplateError, e.Message, "messages");
        }
    }

    /// <summary>OpenAI's newer name of the system is the older one to templates that do not know it.</summary>
    private static JsonArray Known(JsonArray messages, ChatTemplate template)
    {
        if (!template.Mentions(Developer))
        {
            foreach (var message in messages.Where(message => (string)message!["role"]! == Developer))
            {
                message!["role"] = "system";
            }
        }

        return messages;
    }
}
