using System.Text.Json;
using AdapterServe.LoadTest.Recording;
using AdapterServe.LoadTest.Reports.Html;

namespace AdapterServe.LoadTest.Reports;

/// <summary>The files that the user asked for.</summary>
internal sealed record ReportFiles(string? Json, string? Csv, string? Html)
{
    /// <summary>A run may take hours; a folder that isn't there is told before it. <b>Errors</b>: <see cref="UserErrorException"/>.</summary>
    public void RequireFolders()
    {
        foreach (var path in new[] { Json, Csv, Html }.OfType<string>())
        {
            RequireFolder(path);
        }
    }

    public static void RequireFolder(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
        {
            throw new UserErrorException($"The report can't be written to '{path}': there is no folder '{folder}'.");
        }
    }

    public void Write(RunReport report, IReadOnlyList<RequestRecord> records, IReadOnlyList<string> tenants, SloLimits slo)
    {
        WriteOne(Json, writer => writer.WriteLine(JsonSerializer.Serialize(report, ReportJson.Default.RunReport)));
        WriteOne(Csv, writer => CsvReport.Write(writer, records, tenants, slo));
        WriteOne(Html, writer => writer.Write(HtmlReport.Render(report)));
    }

    /// <summary><b>Errors</b>: <see cref="UserErrorException"/> where the file can't be written.</summary>
    public static void WriteOne(string? path, Action<TextWriter> write)
    {
        if (path is null)
        {
            return;
        }

        try
        {
            using var writer = new StreamWriter(path) { NewLine = "\n" };
            write(writer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"The report can't be written to '{path}': {e.Message}", e);
        }
    }
}
