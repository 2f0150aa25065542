using System.Text.Json;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>
/// Calls of functions as rules. <b>Semantics</b>: <c>{"open", "between", "close", "many", "calls": [{"name", "before", "schema", "after"}]}</c> is the texts
/// <c>open call (between call)* close</c>, one call alone unless <c>many</c>; a call is one of <c>before document after</c>, its document of the schema.
/// References within a schema are to that schema. <b>Errors</b>: <see cref="GuideException"/> that names the function.
/// </summary>
internal static class CallsGrammar
{
    public static void Emit(ByteGraphBuilder builder, JsonElement form, int root)
    {
        var call = builder.NewRule();
        foreach (var function in form.GetProperty("calls").EnumerateArray())
        {
            EmitCall(builder, function, call);
        }

        var (opened, called, again) = (builder.NewNode(), builder.NewNode(), builder.NewNode());
        builder.Text(builder.StartOf(root), Text(form, "open"), opened);
        builder.Call(opened, call, called);
        if (form.GetProperty("many").GetBoolean())
        {
            builder.Text(called, Text(form, "between"), again);
            builder.Call(again, call, called);
        }

        builder.Text(called, Text(form, "close"), builder.EndOf(root));
    }

    private static void EmitCall(ByteGraphBuilder builder, JsonElement function, int call)
    {
        var document = builder.NewRule();
        try
        {
            new JsonSchemaGrammar(builder, function.GetProperty("schema")).Emit(document);
        }
        catch (GuideException e)
        {
            throw new GuideException($"The parameters of {Text(function, "name")}: {e.Message}");
        }

        var (begun, written) = (builder.NewNode(), builder.NewNode());
        builder.Text(builder.StartOf(call), Text(function, "before"), begun);
        builder.Call(begun, document, written);
        builder.Text(written, Text(function, "after"), builder.EndOf(call));
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
