using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace AdapterServe.Cli.Output;

/// <summary>What a command prints: one JSON value with <c>--json</c>, else words and tables for a person.</summary>
internal static class Answer
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static void Json<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Options));

    /// <summary>The members of an object, a line each; objects and lists within as JSON.</summary>
    public static void Members(JsonElement value)
    {
        var members = value.EnumerateObject().Where(member => member.Value.ValueKind is not JsonValueKind.Null).ToList();
        var width = members.Select(member => member.Name.Length).DefaultIfEmpty().Max();
        foreach (var member in members)
        {
            Console.Out.WriteLine($"{member.Name.PadRight(width)}  {Plain(member.Value)}");
        }
    }

    public static void Table(string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column)) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(Line(cell))));
        }

        Terminals.Output.Write(table);
    }

    /// <summary>Other people's text on one line, without what a terminal would obey.</summary>
    public static string Line(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));

    private static string Plain(JsonElement value) => Line(value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String or JsonValueKind.Number) => string.Join(", ", value.EnumerateArray()),
        _ => value.GetRawText(),
    });
}
