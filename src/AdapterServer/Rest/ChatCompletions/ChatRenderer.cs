using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.Engine.ChatTemplates;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>Renders a chat with the model's template and tokenizes it.</summary>
internal static class ChatRenderer
{
    /// <summary><b>Errors</b>: 400 <c>chat_template_error</c> with the template's own words, 400 <c>no_chat_template</c>.</summary>
    public static PreparedPrompt Prepare(ServingText text, ChatPrompt prompt) =>
        text.Tokens.PrepareText(Render(text, prompt), prompt.AddSpecialTokens, "messages");

    public static string Render(ServingText text, ChatPrompt prompt)
    {
        if (text.Template is not { } template)
        {
            throw new ApiException(400, ErrorCodes.NoChatTemplate, "The model has no chat template; use /v1/completions.", "messages");
        }

        try
        {
            return template.Render(prompt.Messages, prompt.Tools, prompt.AddGenerationPrompt, prompt.ExtraVariables);
        }
        catch (ChatTemplateException e)
        {
            throw new ApiException(400, ErrorCodes.ChatTemplateError, e.Message, "messages");
        }
    }
}
