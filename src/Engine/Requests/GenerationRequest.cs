using System.Collections.Immutable;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Guided;
using AdapterServe.Engine.Sampling;

namespace AdapterServe.Engine.Requests;

/// <summary>One sequence for the engine. <c>n</c> choices are n requests.</summary>
public sealed record GenerationRequest
{
    /// <summary>Salts the prefix cache: no tenant learns from timings what another has sent.</summary>
    public required string Tenant { get; init; }

    /// <summary>The tenant's part of a busy engine beside those of others, above 0.</summary>
    public double TenantWeight { get; init; } = 1;

    /// <summary>Tenants with lower numbers go first, and may take the places of those with higher ones. Not for the tenant itself to choose.</summary>
    public int TenantPriority { get; init; }

    /// <summary>The same among the requests of one tenant.</summary>
    public int Priority { get; init; }

    /// <summary>At least one token; with <see cref="MaxTokens"/> within the model's context, which the host checks.</summary>
    public required int[] PromptTokens { get; init; }

    /// <summary>Pinned weights, or null for the base. The engine disposes it when the request ends, also when <see cref="EngineClient.Submit"/> throws.</summary>
    public AdapterLease? Adapter { get; init; }

    /// <summary>Adapters that take over at later prompt tokens, in order; the last one generates. Disposed of like <see cref="Adapter"/>.</summary>
    public ImmutableArray<LaterAdapter> LaterAdapters { get; init; } = [];

    /// <summary>Most tokens to generate; 0 only scores the prompt.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Ids that end an answer besides the model's own: those that the adapter was trained to end with.</summary>
    public ImmutableArray<int> EndIds { get; init; } = [];

    public SamplingParameters Sampling { get; init; } = SamplingParameters.Greedy;

    /// <summary>What the answer is held to, or null. Its ends are those of <see cref="Sampling"/>, which must not ignore them.</summary>
    public OutputGuide? Guide { get; init; }

    /// <summary>Record the log-probability of each generated token and of this many best ones (0 to 20); null records nothing.</summary>
    public int? LogProbs { get; init; }

    /// <summary>The same for the prompt's tokens from the second on. Such a request does not read the prefix cache.</summary>
    public int? PromptLogProbs { get; init; }

    /// <summary>Pool the prompt's final hidden states; null pools nothing. Such a request generates nothing, and <see cref="Generation.Pooled"/> is its outcome.</summary>
    public PoolingKind? Pooling { get; init; }

    internal void ReleaseAdapters()
    {
        Adapter?.Dispose();
        foreach (var later in LaterAdapters)
        {
            later.Adapter?.Dispose();
        }
    }
}
