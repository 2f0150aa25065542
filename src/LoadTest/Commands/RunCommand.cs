using System.CommandLine;
using System.Globalization;
using AdapterServe.LoadTest.Arrivals;
using AdapterServe.LoadTest.Execution;
using AdapterServe.LoadTest.Plans;
using AdapterServe.LoadTest.Reports;
using AdapterServe.LoadTest.Reports.Terminal;
using AdapterServe.LoadTest.Setup;

namespace AdapterServe.LoadTest.Commands;

/// <summary><c>run URL</c>: one load, and what it measured.</summary>
internal sealed class RunCommand
{
    private static readonly TimeSpan s_usualDuration = TimeSpan.FromSeconds(30);
    private readonly LoadOptionSet _load = new();
    private readonly Option<double?> _rate = Numbers.Optional<double>("--rate", "Open loop: requests a second");
    private readonly Option<string> _arrivals = Words.With("--arrivals", "poisson or constant", "poisson");
    private readonly Option<double?> _speed = Numbers.With<double>("--trace-speed", "How much faster the trace's times pass", 1);
    private readonly Option<int?> _clients = Numbers.Optional<int>("--clients", "Closed loop: so many clients, each with one request at a time");
    private readonly Option<string> _think = Words.With("--think-ms", "How long a client waits between two requests; a length", "0");
    private readonly Option<string?> _duration = Words.Optional("--duration", "How long requests are sent after the warm-up (30s)");
    private readonly Option<int?> _requests = Numbers.Optional<int>("--requests", "How many requests are measured, in place of a duration");
    private readonly Option<string> _warmup = Words.With("--warmup", "Requests of this first time are not measured", "0");
    private readonly Option<int?> _warmupRequests = Numbers.With<int>(
        "--warmup-requests", "With --requests: so many before them are not measured", 0);
    private readonly Option<int?> _maxInFlight = Numbers.With<int>("--max-in-flight", "Open loop: most requests on their way; others wait", 4096);
    private readonly Option<string> _drain = Words.With("--drain", "How long answers are waited for at the end", "5m");
    private readonly Option<int?> _maxErrors = Numbers.With<int>("--max-errors", "So many failed requests are no failure of the run", 0);
    private readonly Option<string?> _json = Words.Optional("--json", "Write the report as JSON");
    private readonly Option<string?> _csv = Words.Optional("--csv", "Write a row for each request");
    private readonly Option<string?> _html = Words.Optional("--html", "Write the report as one page with charts");

    public Command Build()
    {
        var command = new Command("run", "Sends a load to a server and measures it.");
        _load.AddTo(command);
        Option[] options =
        [
            _rate, _arrivals, _speed, _clients, _think, _duration, _requests, _warmup, _warmupRequests, _maxInFlight, _drain, _maxErrors, _json, _csv,
            _html,
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
        var arguments = _load.Read(parsed) with { ThinkMs = parsed.GetValue(_think)! };
        var files = new ReportFiles(parsed.GetValue(_json), parsed.GetValue(_csv), parsed.GetValue(_html));
        files.RequireFolders();
        using var setup = await LoadSetup.PrepareAsync(arguments, cancellation);
        var plan = setup.Plan with { Arrivals = Arrivals(parsed, setup) };
        var options = ReadOptions(parsed, plan.Arrivals);
        var run = new LoadRun(new LoadPlan(plan), setup.Sender, options, TimeProvider.System);
        var description = setup.Describe(Describe(plan.Arrivals, options, plan.ThinkMs.Describe()), TimeProvider.System.GetUtcNow());
        await LiveProgress.ShowAsync(Terminals.Error, run.Recorder, TimeProvider.System, run.ExecuteAsync(cancellation));
        var report = ReportBuilder.Build(description, run.Recorder, setup.Slo, setup.TenantNames);
        ConsoleReport.Write(Terminals.Output, report);
        files.Write(report, run.Recorder.Records, setup.TenantNames, setup.Slo);
        return report.Requests.Failed > parsed.GetValue(_maxErrors)!.Value || report.Slo is { IsMet: false } ? ExitCodes.Failed : ExitCodes.Ok;
    }

    /// <summary>Null in a closed loop.</summary>
    private IArrivals? Arrivals(ParseResult parsed, LoadSetup setup)
    {
        var (rate, clients) = (parsed.GetValue(_rate), parsed.GetValue(_clients));
        if (setup.TenantsRate is { } sum)
        {
            return rate is null && clients is null
                ? ArrivalNames.Make(parsed.GetValue(_arrivals)!, sum, setup.Plan.Seed)
                : throw new UserErrorException("The tenants have rates of their own; leave --rate and --clients out, or give the tenants weights.");
        }

        return (rate, clients) switch
        {
            ({ } open, null) => ArrivalNames.Make(parsed.GetValue(_arrivals)!, open, setup.Plan.Seed),
            (null, not null) => null,
            (null, null) when setup.Trace.Count > 0 => new TraceArrivals(
                setup.Trace, parsed.GetValue(_speed)!.Value is var speed and > 0
                    ? speed
                    : throw new UserErrorException("--trace-speed must be more than 0.")),
            (null, null) =>
                throw new UserErrorException("Say how requests come: --rate N for an open loop, --clients N for a closed one, or --trace FILE."),
            _ => throw new UserErrorException("--rate is for an open loop and --clients for a closed one; give one of them."),
        };
    }

    private RunOptions ReadOptions(ParseResult parsed, IArrivals? arrivals)
    {
        var (duration, requests) = (
            Durations.ParseOptional("--duration", parsed.GetValue(_duration)), LoadOptionSet.AtLeast("--requests", 1, parsed.GetValue(_requests)));
        var (warmup, warmupRequests) = (
            Durations.Parse("--warmup", parsed.GetValue(_warmup)!),
            LoadOptionSet.AtLeast("--warmup-requests", 0, parsed.GetValue(_warmupRequests)!.Value)!.Value);
        if (warmupRequests > 0 && (requests is null || warmup > TimeSpan.Zero))
        {
            throw new UserErrorException("--warmup-requests goes with --requests and without --warmup.");
        }

        return new RunOptions
        {
            Clients = LoadOptionSet.AtLeast("--clients", 1, parsed.GetValue(_clients)),
            Warmup = warmup,
            WarmupRequests = warmupRequests,
            Duration = duration ?? (requests is null && arrivals is not TraceArrivals ? s_usualDuration : null),
            Requests = requests,
            MaxInFlight = LoadOptionSet.AtLeast("--max-in-flight", 1, parsed.GetValue(_maxInFlight)!.Value)!.Value,
            Drain = Durations.Parse("--drain", parsed.GetValue(_drain)!),
        };
    }

    private static string Describe(IArrivals? arrivals, RunOptions options, string think) =>
        arrivals is not null
            ? $"open loop, {arrivals.Describe()}"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"closed loop, {options.Clients} clients{(think == "0" ? string.Empty : $", {think} ms between requests")}");
}
