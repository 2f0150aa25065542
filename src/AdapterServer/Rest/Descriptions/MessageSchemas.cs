using AdapterServe.AdapterServer.Options;
using Microsoft.OpenApi;
using static AdapterServe.AdapterServer.Rest.Descriptions.Schemas;

namespace AdapterServe.AdapterServer.Rest.Descriptions;

/// <summary>What the parser of messages reads; fields of chats that it does not translate are taken as well.</summary>
internal static class MessageSchemas
{
    public static OpenApiSchema Message() => Object(
        ["model", "messages", "max_tokens"],
        [
            .. Prompt(),
            ("max_tokens", Integer("Most tokens to generate.", 1)),
            ("stop_sequences", List(Text(), "End the answer, and are left out.", RequestLimits.StopStrings)),
            ("metadata", Object([], ("user_id", Text("Of an alias that means two versions every request of a user gets the same one.")))),
            ("output_config", Object([], ("format", Map("type is json_schema, with schema: the answer is such a document.")))),
            ("thinking", Map("May not be enabled.")),
            ("stream", Flag("Answer with server-sent events.")),
            .. GenerationSchemas.Sampling(),
        ]);

    public static OpenApiSchema Count() => Object(["model", "messages"], [("model", Text("As for a message.")), .. Prompt()]);

    private static IEnumerable<(string Name, OpenApiSchema Schema)> Prompt() =>
    [
        ("system", AnyOf("What the system says.", Text(), List(Map("type is text; text.")))),
        ("messages", List(
            Object(
                ["role", "content"],
                ("role", Text("user or assistant; the last one is the user's.")),
                ("content", AnyOf("Text, or blocks.", Text(), List(Map("type is text, tool_use (id, name, input) or tool_result (tool_use_id, content)."))))),
            most: RequestLimits.Messages)),
        ("tools", List(
            Object(["name", "input_schema"], ("name", Text()), ("description", Text()), ("input_schema", Map("A JSON schema of an object."))),
            "Functions that the answer may call.",
            RequestLimits.Tools)),
        ("tool_choice", Map("type is auto, any, tool (with name) or none; disable_parallel_tool_use.")),
    ];
}
