using System.Text.Json;
using System.Text.Json.Serialization;

namespace AdapterServe.LoadTest.Setup;

/// <summary>Reads <c>[{"name", "key", "weight" or "rate", "adapters": […]}, …]</c>.</summary>
internal static partial class TenantFile
{
    public static IReadOnlyList<TenantSpec> Read(string path)
    {
        try
        {
            return Checked(JsonSerializer.Deserialize(File.ReadAllBytes(path), Json.Default.IReadOnlyListTenantSpec) ?? []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new UserErrorException($"The tenants' file '{path}' can't be read as a JSON list of tenants: {e.Message}", e);
        }
    }

    private static IReadOnlyList<TenantSpec> Checked(IReadOnlyList<TenantSpec> tenants)
    {
        bool Wrong(double? value) => value is { } number && !(number >= 0 && double.IsFinite(number));
        var (rates, weights) = (tenants.Count(tenant => tenant.Rate is not null), tenants.Count(tenant => tenant.Weight is not null));
        if (tenants.Count == 0 || tenants.Any(tenant => Wrong(tenant.Rate) || Wrong(tenant.Weight)))
        {
            throw new UserErrorException("The tenants' file must list at least one tenant, with weights and rates of at least 0.");
        }

        return rates == 0 || (rates == tenants.Count && weights == 0)
            ? tenants
            : throw new UserErrorException("Either every tenant has a rate, and none a weight, or none has a rate.");
    }

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
    [JsonSerializable(typeof(IReadOnlyList<TenantSpec>))]
    private sealed partial class Json : JsonSerializerContext;
}
