using AdapterServe.Client;
using AdapterServe.LoadTest.Lengths;
using AdapterServe.LoadTest.Plans;
using AdapterServe.LoadTest.Popularity;
using AdapterServe.LoadTest.Prompts;
using AdapterServe.LoadTest.Reports;
using AdapterServe.LoadTest.Sending;
using AdapterServe.LoadTest.Traces;

namespace AdapterServe.LoadTest.Setup;

/// <summary>Everything that a run needs but its arrivals: the server, its adapters by tenant, lengths, prompts, a sender.</summary>
internal sealed class LoadSetup : IDisposable
{
    private readonly LoadArguments _arguments;
    private readonly ServerConnection _server;
    private readonly ServerFacts _facts;

    private LoadSetup(
        LoadArguments arguments, ServerConnection server, ServerFacts facts, IReadOnlyList<TenantSpec> tenants, IReadOnlyList<TraceRow> trace,
        PlanOptions plan)
    {
        (_arguments, _server, _facts, Tenants, Trace, Plan) = (arguments, server, facts, tenants, trace, plan);
        Sender = new CompletionSender([.. tenants.Select(tenant => server.CompletionsOf(tenant.Key))], facts, arguments.Timeout);
    }

    public IReadOnlyList<TenantSpec> Tenants { get; }

    public IReadOnlyList<string> TenantNames => [.. Tenants.Select(tenant => tenant.Name)];

    public IReadOnlyList<TraceRow> Trace { get; }

    /// <summary>Without arrivals.</summary>
    public PlanOptions Plan { get; }

    public IRequestSender Sender { get; }

    public SloLimits Slo => _arguments.Slo;

    /// <summary>The sum of the tenants' rates, where they have them.</summary>
    public double? TenantsRate => Tenants[0].Rate is null ? null : Tenants.Sum(tenant => tenant.Rate);

    /// <summary>Asks the server what it has. <b>Errors</b>: <see cref="UserErrorException"/>.</summary>
    public static async Task<LoadSetup> PrepareAsync(LoadArguments arguments, CancellationToken cancellation)
    {
        var tenants = arguments.Tenants is { } path ? TenantFile.Read(path) : [new TenantSpec { Name = "default" }];
        var trace = arguments.Trace is { } file ? TraceReader.Read(file) : [];
        var server = new ServerConnection(arguments);
        try
        {
            var facts = await FactsAsync(arguments, server, server.ClientOf(tenants[0].Key), cancellation);
            var plan = await PlanAsync(arguments, server, facts, tenants, trace, cancellation);
            return new LoadSetup(arguments, server, facts, tenants, trace, plan);
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public RunDescription Describe(string load, DateTimeOffset startedAt)
    {
        var form = _facts switch
        {
            { IsChat: true } => "chats",
            { VocabularySize: { } size } => $"token ids below {size}",
            _ => FormattableString.Invariant($"text, {_facts.Words.PerWord:0.##} tokens a word"),
        };
        var traced = Plan.FromTrace;
        string Or(TraceColumns column, string drawn) => traced.HasFlag(column) ? "from the trace" : drawn;
        return new RunDescription(
            _arguments.Url.ToString(), _facts.Kind.Name(), _facts.Model, load, Or(TraceColumns.Adapter, DescribeAdapters()),
            $"{Or(TraceColumns.PromptTokens, Plan.Prompt.Describe())} tokens ({form})",
            $"{Or(TraceColumns.OutputTokens, Plan.Output.Describe())} tokens", Plan.Seed, startedAt);
    }

    public void Dispose() => _server.Dispose();

    private string DescribeAdapters() => (_arguments.Popularity ?? PopularitySpec.None.Name)
        + (_arguments.Together > 1 ? $", {_arguments.Together} in each request" : string.Empty)
        + (_arguments.Mix is { } mix ? $" within {mix}" : string.Empty)
        + (_arguments.Adapters.Count > 0 ? $" of {string.Join(',', _arguments.Adapters)}" : string.Empty);

    private static async Task<ServerFacts> FactsAsync(
        LoadArguments arguments, ServerConnection server, AdapterServeClient client, CancellationToken cancellation)
    {
        var listed = await server.ListAsync(client, cancellation);
        var model = arguments.Model ?? listed.FirstOrDefault(one => one.Parent is null)?.Id
            ?? throw new UserErrorException("The server lists no model; name one with --model.");
        var entry = listed.FirstOrDefault(one => one.Id == model);
        var kind = arguments.Server == "auto"
            ? ServerKinds.Guess((entry ?? (listed.Count > 0 ? listed[0] : null))?.OwnedBy)
            : ServerKinds.Parse(arguments.Server);
        var vocabulary = arguments.Vocabulary ?? (kind.TakesTokenIds() ? entry?.VocabularySize : null);
        var facts = new ServerFacts(kind, model, arguments.Text || arguments.Chat ? null : vocabulary, arguments.Chat, WordRate.Usual);
        if (facts.VocabularySize is not null)
        {
            return facts;
        }

        return facts with
        {
            Words = arguments.TokensPerWord is { } rate ? new WordRate(rate, 0) : await WordCalibration.MeasureAsync(client, facts, cancellation),
        };
    }

    private static async Task<PlanOptions> PlanAsync(
        LoadArguments arguments, ServerConnection server, ServerFacts facts, IReadOnlyList<TenantSpec> tenants, IReadOnlyList<TraceRow> trace,
        CancellationToken cancellation)
    {
        var popularity = arguments.Popularity is { } text ? PopularitySpec.Parse(text) : PopularitySpec.None;
        var mix = arguments.Mix is { } groups ? MixSpec.Parse(groups) : MixSpec.Everything;
        if (!popularity.NeedsAdapters && (arguments.Mix is not null || arguments.Adapters.Count > 0))
        {
            throw new UserErrorException("--adapters and --mix say which adapters; --popularity must say how often each, for example uniform.");
        }

        if (arguments.Together > 1 && !facts.Kind.TakesSeveralAdapters())
        {
            throw new UserErrorException($"--together needs a server that takes several adapters in a request; {facts.Kind.Name()} does not.");
        }

        List<TenantPlan> plans = [];
        foreach (var tenant in tenants)
        {
            var names = popularity.NeedsAdapters
                ? await server.AdaptersAsync(server.ClientOf(tenant.Key), facts.Kind, facts.Model, cancellation)
                : [];
            var patterns = tenant.Adapters ?? arguments.Adapters;
            var adapters = new AdapterMix(patterns.Count == 0 ? names : NamePatterns.Select(names, patterns), mix, popularity, arguments.Together);
            plans.Add(new TenantPlan(tenant.Name, tenant.Rate ?? tenant.Weight ?? 1, adapters));
        }

        return new PlanOptions
        {
            Seed = arguments.Seed, Tenants = plans, Prompt = LengthSpec.Parse(arguments.PromptTokens ?? "32"),
            Output = LengthSpec.Parse(arguments.OutputTokens ?? "64"), ThinkMs = LengthSpec.Parse(arguments.ThinkMs, least: 0), Trace = trace,
            FromTrace = Columns(arguments, trace),
        };
    }

    /// <summary>What the trace has and no option says otherwise.</summary>
    private static TraceColumns Columns(LoadArguments arguments, IReadOnlyList<TraceRow> trace) =>
        (arguments.Popularity is null && trace.Any(row => row.Adapter is not null) ? TraceColumns.Adapter : 0)
        | (arguments.PromptTokens is null && trace.Any(row => row.PromptTokens is not null) ? TraceColumns.PromptTokens : 0)
        | (arguments.OutputTokens is null && trace.Any(row => row.OutputTokens is not null) ? TraceColumns.OutputTokens : 0);
}
