using AdapterServe.LoadTest.Reports;

namespace AdapterServe.LoadTest.Setup;

/// <summary>What <c>run</c> and <c>search</c> share, as it was typed. docs/load.md says what each means.</summary>
internal sealed record LoadArguments
{
    public required Uri Url { get; init; }

    public string? Model { get; init; }

    public string Server { get; init; } = "auto";

    public string? ApiKey { get; init; }

    public string Protocol { get; init; } = "rest";

    public string Http { get; init; } = "1.1";

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    public bool Chat { get; init; }

    public bool Text { get; init; }

    public int? Vocabulary { get; init; }

    public double? TokensPerWord { get; init; }

    public IReadOnlyList<string> Adapters { get; init; } = [];

    public string? Popularity { get; init; }

    public string? Mix { get; init; }

    public int Together { get; init; } = 1;

    public string? Tenants { get; init; }

    public string? PromptTokens { get; init; }

    public string? OutputTokens { get; init; }

    public string? Trace { get; init; }

    public string ThinkMs { get; init; } = "0";

    public ulong Seed { get; init; } = 1;

    public SloLimits Slo { get; init; } = new();
}
