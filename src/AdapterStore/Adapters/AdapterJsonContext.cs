using System.Collections.Immutable;
using System.Text.Json.Serialization;
using AdapterServe.AdapterStore.Tenants;

namespace AdapterServe.AdapterStore.Adapters;

/// <summary>JSON of the store's public records, in snake case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AdapterDescriptor))]
[JsonSerializable(typeof(IReadOnlyList<AdapterDescriptor>))]
[JsonSerializable(typeof(AdapterFacts))]
[JsonSerializable(typeof(TenantSettings))]
[JsonSerializable(typeof(ImmutableSortedDictionary<string, string>))]
public sealed partial class AdapterJsonContext : JsonSerializerContext;
