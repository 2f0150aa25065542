using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using AdapterServe.LoadTest.Execution;
using AdapterServe.LoadTest.Plans;
using AdapterServe.LoadTest.Reports;
using AdapterServe.LoadTest.Reports.Terminal;
using AdapterServe.LoadTest.Search;
using AdapterServe.LoadTest.Setup;

namespace AdapterServe.LoadTest.Commands;

/// <summary><c>search URL</c>: the highest rate of an open loop that meets the limits.</summary>
internal sealed class SearchCommand
{
    private readonly LoadOptionSet _load = new();
    private readonly Option<double?> _least = Numbers.With<double>("--min-rate", "Where the ramp begins, requests a second", 1);
    private readonly Option<double?> _most = Numbers.With<double>("--max-rate", "Never more than this", 1024);
    private readonly Option<double?> _precision = Numbers.With<double>(
        "--precision", "How close the best rate and the next one that misses must be", 0.05);
    private readonly Option<string> _arrivals = Words.With("--arrivals", "poisson or constant", "poisson");
    private readonly Option<string> _probe = Words.With("--probe", "How long each rate is measured", "20s");
    private readonly Option<string> _warmup = Words.With("--warmup", "Unmeasured time before each", "2s");
    private readonly Option<string?> _json = Words.Optional("--json", "Write the probes as JSON");

    public Command Build()
    {
        var command = new Command("search", "Finds the highest rate that meets --slo-ttft, --slo-itl and --slo-e2e.");
        _load.AddTo(command);
        Option[] options =
        [
            _least, _most, _precision, _arrivals, _probe, _warmup, _json,
        ];
        foreach (var option in options)
        {
            command.Add(option);
        }

        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var arguments = _load.Read(parsed);
        var (least, most, precision) = (parsed.GetValue(_least)!.Value, parsed.GetValue(_most)!.Value, parsed.GetValue(_precision)!.Value);
        if (arguments.Slo.IsEmpty || !(least > 0 && most >= least && precision is > 0 and < 1))
        {
            throw new UserErrorException(
                "A search needs --slo-ttft, --slo-itl or --slo-e2e, a --min-rate above 0 and up to --max-rate, and a --precision between 0 and 1.");
        }

        if (parsed.GetValue(_json) is { } path)
        {
            ReportFiles.RequireFolder(path);
        }

        using var setup = await LoadSetup.PrepareAsync(arguments, cancellation);
        if (setup.TenantsRate is not null)
        {
            throw new UserErrorException("A search sets the rate itself; give the tenants weights in place of rates.");
        }

        var search = new RateSearch(least, most, precision, (rate, token) => ProbeAsync(parsed, setup, rate, token));
        var report = await search.FindAsync(setup.Slo.Describe(), cancellation);
        ReportFiles.WriteOne(parsed.GetValue(_json), writer => writer.WriteLine(JsonSerializer.Serialize(report, ReportJson.Default.SearchReport)));
        Console.WriteLine(Conclude(report, most));
        return report.BestRate is null ? ExitCodes.Failed : ExitCodes.Ok;
    }

    private async Task<ProbeResult> ProbeAsync(ParseResult parsed, LoadSetup setup, double rate, CancellationToken cancellation)
    {
        var arrivals = ArrivalNames.Make(parsed.GetValue(_arrivals)!, rate, setup.Plan.Seed);
        var options = new RunOptions
        {
            Warmup = Durations.Parse("--warmup", parsed.GetValue(_warmup)!),
            Duration = LoadOptionSet.Positive("--probe", Durations.Parse("--probe", parsed.GetValue(_probe)!)),
            Drain = Patience(setup.Slo),
        };
        var run = new LoadRun(new LoadPlan(setup.Plan with { Arrivals = arrivals }), setup.Sender, options, TimeProvider.System);
        var description = setup.Describe($"open loop, {arrivals.Describe()}", TimeProvider.System.GetUtcNow());
        await LiveProgress.ShowAsync(Terminals.Error, run.Recorder, TimeProvider.System, run.ExecuteAsync(cancellation));
        var result = Judge(rate, ReportBuilder.Build(description, run.Recorder, setup.Slo, setup.TenantNames));
        Console.WriteLine(Tell(result));
        return result;
    }

    /// <summary>Long enough for every good answer; what is slower has missed the limits anyway, and the next probe wants an idle server.</summary>
    private static TimeSpan Patience(SloLimits slo) => slo.EndToEnd ?? TimeSpan.FromSeconds(10) + (2 * (slo.TimeToFirstToken ?? TimeSpan.Zero));

    private static ProbeResult Judge(double rate, RunReport report) => new(
        Math.Round(rate, 3), report.PerSecond.Requests, report.PerSecond.OutputTokens, report.Slo!.GoodShare, report.Latencies.TimeToFirstToken.P99Ms,
        report.Latencies.InterToken.P99Ms, report.Slo.IsMet);

    private static string Tell(ProbeResult probe)
    {
        var result = probe.IsMet ? "met   " : "missed";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{probe.Rate,8:0.##}/s  {result}  {probe.GoodShare * 100,6:0.0} % good  p99 TTFT {probe.P99TtftMs,8:0.0} ms  "
            + $"p99 inter-token {probe.P99InterTokenMs,7:0.0} ms  {probe.Completed,7:0.0} answers/s  {probe.OutputTokens,7:0} tok/s");
    }

    private static string Conclude(SearchReport report, double most) => (report.BestRate, report.Missed) switch
    {
        (null, _) => $"No rate that was tried meets {report.Limits}.",
        ({ } best, null) =>
            string.Create(CultureInfo.InvariantCulture, $"{best:0.##} requests/s meet {report.Limits}; --max-rate {most:0.##} allowed no more."),
        ({ } best, { } missed) => string.Create(CultureInfo.InvariantCulture, $"{best:0.##} requests/s meet {report.Limits}; {missed:0.##} do not."),
    };
}
