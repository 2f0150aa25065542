using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterStore.Tenants;

namespace AdapterServe.AdapterServer.Rest.Tenants;

/// <summary>Reads the body of <c>PUT /v1/tenants/{tenant}</c>. A field that nobody knows is refused: a limit that is misspelt would limit nothing.</summary>
internal static class TenantParser
{
    public static TenantSettings Parse(JsonElement body)
    {
        var fields = new JsonFields(body);
        fields.RequireOnly("limits", "weight", "priority", "labels");
        return new TenantSettings
        {
            Limits = fields.Object("limits") is { } limits ? Limits(limits) : TenantLimits.None,
            Weight = fields.Int("weight", TenantSettings.MinWeight, TenantSettings.MaxWeight) ?? TenantSettings.DefaultWeight,
            Priority = fields.Int("priority", -TenantSettings.MaxPriority, TenantSettings.MaxPriority) ?? 0,
            Labels = fields.Labels("labels") ?? TenantSettings.Default.Labels,
        };
    }

    private static TenantLimits Limits(JsonFields fields)
    {
        fields.RequireOnly("adapters", "bytes", "requests_per_minute", "tokens_per_minute", "concurrent_sequences");
        return new TenantLimits
        {
            Adapters = NotNegative(fields, "adapters"),
            Bytes = NotNegative(fields, "bytes"),
            RequestsPerMinute = fields.Int("requests_per_minute", 0, int.MaxValue),
            TokensPerMinute = fields.Int("tokens_per_minute", 0, int.MaxValue),
            ConcurrentSequences = fields.Int("concurrent_sequences", 0, int.MaxValue),
        };
    }

    private static long? NotNegative(JsonFields fields, string name) =>
        fields.Long(name) is not { } number ? null : number >= 0 ? number : throw ApiException.Invalid(fields.Path(name), $"'{fields.Path(name)}' must be at least 0.");
}
