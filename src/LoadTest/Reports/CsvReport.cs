using System.Globalization;
using AdapterServe.LoadTest.Recording;

namespace AdapterServe.LoadTest.Reports;

/// <summary>One row for each measured request, in the order of the plan. Times are milliseconds; those that don't exist are empty.</summary>
internal static class CsvReport
{
    private const string Header =
        "index,tenant,adapter,intended_ms,send_delay_ms,ttft_ms,mean_inter_token_ms,end_to_end_ms,"
        + "prompt_tokens,output_tokens_asked,output_tokens,status,error,good";

    public static void Write(TextWriter writer, IReadOnlyList<RequestRecord> records, IReadOnlyList<string> tenants, SloLimits slo)
    {
        writer.WriteLine(Header);
        foreach (var record in records.OrderBy(record => record.Request.Index))
        {
            var request = record.Request;
            writer.WriteLine(string.Join(
                ',', request.Index.ToString(CultureInfo.InvariantCulture), Text(tenants[request.Tenant]), Text(request.Adapter ?? string.Empty),
                Ms(record.IntendedUs), Ms(record.SendDelayUs),
                record.FirstTokenUs < 0 ? string.Empty : Ms(record.TimeToFirstTokenUs),
                record.MeanInterTokenUs is { } mean ? Ms(mean) : string.Empty, Ms(record.EndToEndUs),
                Number(record.Outcome.PromptTokens ?? request.PromptTokens), Number(request.OutputTokens), Number(record.OutputTokens),
                Number(record.Outcome.Status),
                Text(record.Outcome.ErrorCode ?? string.Empty), slo.IsGood(record) ? "1" : "0"));
        }
    }

    private static string Ms(double us) => (us / 1000).ToString("0.###", CultureInfo.InvariantCulture);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Quoted where it must be; a text that a spreadsheet would take for a formula gets an apostrophe.</summary>
    private static string Text(string text)
    {
        text = text.Length > 0 && "=+-@\t\r".Contains(text[0], StringComparison.Ordinal) ? "'" + text : text;
        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
