using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace AdapterServe.AdapterStore.Adapters;

/// <summary>
/// What clients see of one adapter version; serialised in snake case by <see cref="AdapterJsonContext"/>.
/// </summary>
/// <param name="Name">The name that it was uploaded with; without the tenant.</param>
/// <param name="Version">Counts from 1 for each name and is never used twice.</param>
/// <param name="Digest">The content digest, <c>sha256:…</c>.</param>
/// <param name="Kind">See <see cref="AdapterFacts"/>.</param>
/// <param name="Forms">See <see cref="AdapterFacts"/>.</param>
/// <param name="Exactness">See <see cref="AdapterFacts"/>.</param>
/// <param name="Ranks">See <see cref="AdapterFacts"/>.</param>
/// <param name="Dtype">See <see cref="AdapterFacts"/>.</param>
/// <param name="Sites">See <see cref="AdapterFacts"/>.</param>
/// <param name="Tasks">See <see cref="AdapterFacts"/>; never default.</param>
/// <param name="Bytes">Bytes of all its files.</param>
/// <param name="WeightBytes">Host memory of the lowered weights.</param>
/// <param name="State">See <see cref="AdapterStates"/>; a host that has fused the version into the base says <c>fused</c>.</param>
/// <param name="Current">True when the bare name means this version.</param>
/// <param name="Aliases">Aliases that point here, sorted.</param>
/// <param name="Base">Fingerprint of the base model that it was verified on.</param>
/// <param name="CreatedAt">When the version was first uploaded, UTC.</param>
public sealed record AdapterDescriptor(
    string Name,
    int Version,
    string Digest,
    string Kind,
    ImmutableArray<string> Forms,
    string Exactness,
    ImmutableArray<int> Ranks,
    string Dtype,
    int Sites,
    ImmutableArray<string> Tasks,
    long Bytes,
    long WeightBytes,
    string State,
    bool Current,
    ImmutableArray<string> Aliases,
    string Base,
    DateTimeOffset CreatedAt)
{
    /// <summary>See <see cref="AdapterFacts"/>; left out where it adds none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int AddedTokens { get; init; }

    /// <summary>How its low-rank factors are held where that is not exactly as in the file: <c>bf16</c>, <c>int8</c> or <c>1bit</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Held { get; init; }

    /// <summary>Whose it is.</summary>
    [JsonIgnore]
    public string Tenant { get; init; } = string.Empty;

    /// <summary>See <see cref="AdapterFacts"/>.</summary>
    public string? Lower { get; init; }

    /// <summary>Why the state is not <c>ready</c>; left out where it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>The name of the trusted key whose signature came with the upload; left out where none did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SignedBy { get; init; }

    /// <summary>The number of the last change of the adapter, whichever of its versions it was about.</summary>
    public long Revision { get; init; }

    /// <summary>Of the adapter, by name.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Whether servers keep the current version in memory.</summary>
    public bool Pinned { get; init; }

    /// <summary>Which of the pinned ones come first where not all fit: greater numbers do.</summary>
    public int Priority { get; init; }

    /// <summary>When it was deleted; left out where it was not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? DeletedAt { get; init; }
}
