using AdapterServe.AdapterServer.Options;
using Microsoft.OpenApi;
using static AdapterServe.AdapterServer.Rest.Descriptions.Schemas;

namespace AdapterServe.AdapterServer.Rest.Descriptions;

/// <summary>What the parser of responses reads; fields of chats that it does not translate are taken as well.</summary>
internal static class ResponseSchemas
{
    public static OpenApiSchema Response() => Object(
        ["model", "input"],
        [
            ("input", AnyOf("What the user says, or items: messages, calls of functions and what they gave.", Text(), List(Item(), most: RequestLimits.Messages))),
            ("instructions", Text("A message of the system before the input.")),
            ("max_output_tokens", Integer("Most tokens to generate; without it the rest of the context.", 1)),
            ("text", Object([], ("format", Map("type is text, json_object, or json_schema with schema: the answer is such a document.")))),
            ("tools", List(Tool(), "Functions that the answer may call.", RequestLimits.Tools)),
            ("tool_choice", AnyOf("auto, none, required, or a function.", Text(), Map("type is function; name is the one to call."))),
            ("parallel_tool_calls", Flag("Where a call must come, several may; true unless set.")),
            ("metadata", Map("Repeated in the answer.")),
            ("user", Text("Of an alias that means two versions every request of a user gets the same one.")),
            ("stream", Flag("Answer with server-sent events.")),
            ("truncation", Text("May only be disabled.")),
            ("include", List(Text(), "May only be reasoning.encrypted_content.")),
            ("background", Flag("May only be false.")),
            ("store", Flag("Nothing is stored.")),
            .. GenerationSchemas.Sampling(),
        ]);

    private static OpenApiSchema Tool() => Object(
        ["type", "name"],
        ("type", Text("function")), ("name", Text()), ("description", Text()), ("parameters", Map("A JSON schema of an object.")), ("strict", Flag("Changes nothing.")));

    private static OpenApiSchema Item() => Object(
        [],
        ("type", Text("message unless given, function_call or function_call_output.")),
        ("role", Text("Of a message: user, assistant, system or developer.")),
        ("content", AnyOf("Of a message: text, or parts of it.", Text(), List(Map("type is input_text or output_text; text.")))),
        ("call_id", Text("Of a call and of what it gave.")),
        ("name", Text("Of a call: the function.")),
        ("arguments", Text("Of a call: JSON text.")),
        ("output", AnyOf("What a call gave.", Text(), List(Map("type is input_text; text.")))));
}
