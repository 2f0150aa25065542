using System.Globalization;
using System.Text.Json;

namespace AdapterServe.LoadTest.Traces;

/// <summary>
/// Reads a trace: CSV with a header line, or JSON objects one a line. <b>Layout</b>: columns or members <c>time</c> (seconds), <c>adapter</c>,
/// <c>prompt_tokens</c>, <c>output_tokens</c>; others are ignored, only <c>time</c> must be there. <b>Errors</b>: <see cref="UserErrorException"/>
/// with the line's number.
/// </summary>
internal static class TraceReader
{
    private const int MaxRows = 10_000_000;
    private const int MaxLineCharacters = 64 << 10;

    public static IReadOnlyList<TraceRow> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserErrorException($"There is no trace file '{path}'.");
        }

        using var reader = new StreamReader(path);
        return Read(reader);
    }

    public static IReadOnlyList<TraceRow> Read(TextReader reader)
    {
        List<TraceRow> rows = [];
        CsvColumns? columns = null;
        for (var number = 1; ReadLine(reader, number) is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            var isJson = line.AsSpan().TrimStart().StartsWith("{");
            if (!isJson && columns is null)
            {
                columns = CsvColumns.Of(line);
                continue;
            }

            Require(rows.Count < MaxRows, number, $"there are more than {MaxRows} rows");
            rows.Add(isJson ? OfJson(line, number) : OfCsv(columns!, line, number));
            Require(rows.Count < 2 || rows[^1].Seconds >= rows[^2].Seconds, number, "'time' is smaller than in the row before");
        }

        return rows.Count > 0 ? rows : throw new UserErrorException("The trace has no rows.");
    }

    private static string? ReadLine(TextReader reader, int number)
    {
        var line = new System.Text.StringBuilder();
        int letter;
        while ((letter = reader.Read()) >= 0 && letter != '\n')
        {
            line.Append((char)letter);
            Require(line.Length <= MaxLineCharacters, number, $"it is longer than {MaxLineCharacters} characters");
        }

        return letter < 0 && line.Length == 0 ? null : line.ToString().TrimEnd('\r');
    }

    private static TraceRow OfCsv(CsvColumns columns, string line, int number)
    {
        var cells = line.Split(',');
        string? Cell(int place) => place >= 0 && place < cells.Length && cells[place].Trim() is { Length: > 0 } text ? text : null;
        return new TraceRow(
            Seconds(double.TryParse(Cell(columns.Time), NumberStyles.Float, CultureInfo.InvariantCulture, out var time) ? time : null, number),
            Cell(columns.Adapter),
            Count(Cell(columns.PromptTokens), number), Count(Cell(columns.OutputTokens), number));
    }

    private static TraceRow OfJson(string line, int number)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            JsonElement? Member(string name) => root.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member : null;
            return new TraceRow(
                Seconds(Member("time")?.GetDouble(), number), Member("adapter")?.GetString(), Count(Member("prompt_tokens")?.GetRawText(), number),
                Count(Member("output_tokens")?.GetRawText(), number));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw Wrong(number, "it is no JSON object with the trace's members", e);
        }
    }

    private static double Seconds(double? value, int number) =>
        value is { } seconds && double.IsFinite(seconds) && seconds is >= 0 and < 1e7
            ? seconds
            : throw Wrong(number, "'time' must be a number of seconds of at least 0");

    private static int? Count(string? text, int number)
    {
        if (text is null)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
            ? count
            : throw Wrong(number, $"'{text}' is no number of tokens of at least 1");
    }

    private static void Require(bool condition, int number, string reason)
    {
        if (!condition)
        {
            throw Wrong(number, reason);
        }
    }

    private static UserErrorException Wrong(int number, string reason, Exception? inner = null) =>
        new($"Line {number} of the trace can't be used: {reason}.", inner);
}
