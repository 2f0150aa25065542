using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using AdapterServe.LoadTest.Execution;
using AdapterServe.LoadTest.Popularity;
using AdapterServe.LoadTest.Recording;
using AdapterServe.LoadTest.Reports;
using AdapterServe.LoadTest.Reports.Html;
using AdapterServe.LoadTest.Sending;
using AdapterServe.LoadTest.Tests.Support;
using static AdapterServe.LoadTest.Tests.Support.Plans;

namespace AdapterServe.LoadTest.Tests.Reports;

public sealed partial class ReportTests
{
    private const string Hostile = "</style><script src=\"//evil\">&'\u0000\u001b[31m,=1+1\"";

    [Theory]
    [InlineData(new double[] { 3, 3, 3, 3 }, 1.0)]
    [InlineData(new double[] { 1, 0, 0, 0 }, 0.25)]
    [InlineData(new double[] { 1, 2, 3 }, 0.8571)]
    public void Jains_index_is_as_published(double[] values, double index) => Assert.Equal(index, Fairness.Jain(values)!.Value, 1e-4);

    [Fact]
    public void Jains_index_of_one_group_or_of_nothing_is_none()
    {
        Assert.Null(Fairness.Jain([5]));
        Assert.Null(Fairness.Jain([0, 0]));
    }

    [Fact]
    public async Task The_page_is_well_formed_and_asks_for_nothing_else()
    {
        var page = HtmlReport.Render(Runs.Report(await RunAsync(60), new SloLimits { TimeToFirstToken = TimeSpan.FromSeconds(1) }, "one", Hostile));
        Assert.StartsWith("<!DOCTYPE html>", page, StringComparison.Ordinal);
        var elements = Parse(page).Descendants().ToArray();
        Assert.DoesNotContain(
            elements, element => element.Name.LocalName is "script" or "link" or "img" or "iframe" or "object" or "image" or "use" or "base");
        Assert.DoesNotContain(
            elements.Attributes(), attribute => attribute.Name.LocalName is "src" or "href" or "style"
                || attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        var styles = elements.Single(element => element.Name.LocalName == "style").Value;
        Assert.DoesNotContain("url(", styles, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", styles, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("prefers-color-scheme: dark", styles, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_draws_time_latencies_and_adapters()
    {
        var report = Runs.Report(await RunAsync(60), null, "one", "two");
        var page = Parse(HtmlReport.Render(report));
        XElement Figure(string caption) =>
            page.Descendants("figure").First(figure => figure.Element("figcaption")!.Value.Trim().StartsWith(caption, StringComparison.Ordinal));
        Assert.Equal(report.Seconds.Count, Figure("Output tokens per second").Descendants("circle").Count());
        Assert.Equal(3, Figure("Share of values up to a latency, %").Descendants("polyline").Count());
        Assert.NotEmpty(Figure("How often: time to first token").Descendants("rect"));
        Assert.Equal(report.Adapters.Count, Figure("Mean time to first token").Descendants("rect").Count());
        foreach (var circle in page.Descendants("circle"))
        {
            Assert.InRange((double)circle.Attribute("cx")!, 0, ChartFrame.Width);
            Assert.InRange((double)circle.Attribute("cy")!, 0, ChartFrame.Height);
        }
    }

    [Fact]
    public void A_run_without_any_answer_has_a_page_too() => Parse(HtmlReport.Render(Runs.Report(new RunRecorder(0, 0, null))));

    [Fact]
    public async Task The_json_report_can_be_read_back_with_its_numbers()
    {
        var recorder = await RunAsync(60);
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(Runs.Report(recorder, null, "one", "two"), ReportJson.Default.RunReport));
        var root = json.RootElement;
        Assert.Equal(60, root.GetProperty("requests").GetProperty("measured").GetInt64());
        var ttft = root.GetProperty("latencies").GetProperty("time_to_first_token");
        Assert.Equal(recorder.TimeToFirstToken.Percentile(0.999) / 1000.0, ttft.GetProperty("p999_ms").GetDouble());
        Assert.Equal(ttft.GetProperty("count").GetInt64(), ttft.GetProperty("buckets").EnumerateArray().Sum(bucket => bucket[1].GetInt64()));
        Assert.Equal(60, root.GetProperty("seconds").EnumerateArray().Sum(second => second.GetProperty("arrived").GetInt64()));
        Assert.Equal(60, root.GetProperty("adapters").EnumerateArray().Sum(adapter => adapter.GetProperty("requests").GetInt64()));
    }

    [Fact]
    public async Task The_csv_has_a_row_a_request_and_no_formula()
    {
        using var text = new StringWriter { NewLine = "\n" };
        CsvReport.Write(text, (await RunAsync(40)).Records, ["=cmd()", "a,\"b\"\nc"], new SloLimits());
        var rows = RowPattern().Matches(text.ToString())
            .Select(row => FieldPattern().Matches(row.Value).Select(field => field.Groups[1].Value).ToArray()).ToArray();
        Assert.Equal(41, rows.Length);
        Assert.All(rows, row => Assert.Equal(14, row.Length));
        Assert.Equal(Enumerable.Range(0, 40).Select(index => $"{index}"), rows.Skip(1).Select(row => row[0]));
        Assert.Equal(["\"a,\"\"b\"\"\nc\"", "'=cmd()"], rows.Skip(1).Select(row => row[1]).Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>RFC 4180: line ends inside quotes belong to the field.</summary>
    [GeneratedRegex(@"(?:""(?:[^""]|"""")*""|[^""\n])+\n")]
    private static partial Regex RowPattern();

    [GeneratedRegex(@"(?<=^|,)(""(?:[^""]|"""")*""|[^,""\n]*)(?=,|\n)")]
    private static partial Regex FieldPattern();

    private static Task<RunRecorder> RunAsync(int requests)
    {
        var hostile = new AdapterMix([Hostile], MixSpec.Everything, PopularitySpec.Parse("identical"));
        var tenants = new[] { Tenant("uniform", 3), Tenant("none") with { Adapters = hostile } };
        var sender = new TestSender((request, tokens, _) =>
        {
            tokens.Tokens(1);
            tokens.Tokens(2);
            return Task.FromResult(request.Index % 10 == 3 ? SendOutcome.Failed(500, Hostile, Hostile) : new SendOutcome(200));
        });
        return Runs.AgainstAsync(sender, Options(tenants: tenants), new RunOptions { Clients = 2, Requests = requests });
    }

    private static XDocument Parse(string page)
    {
        using var reader = XmlReader.Create(new StringReader(page), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader);
    }
}
