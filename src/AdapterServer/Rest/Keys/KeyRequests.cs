using System.Text.Json;
using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Rest.Keys;

/// <summary>The bodies of the routes of keys. <b>Errors</b>: 400 whose <c>param</c> names the field; also one that nobody knows.</summary>
internal static class KeyRequests
{
    private const int DefaultGraceSeconds = 24 * 60 * 60;

    private static readonly int s_mostSeconds = (int)ApiKeys.LongestTime.TotalSeconds;

    /// <param name="body">Of <c>POST /v1/keys</c>.</param>
    /// <param name="principal">Whose tenant the key is for unless another is named.</param>
    public static ApiKeyWish Wish(JsonElement body, Principal principal)
    {
        RequireKnown(body, "tenant", "name", "scopes", "expires_in");
        var fields = new JsonFields(body);
        return new ApiKeyWish(fields.String("tenant") ?? principal.Tenant, Scopes(fields))
        {
            Name = fields.String("name") ?? string.Empty,
            Lifetime = fields.Int("expires_in", 1, s_mostSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
    }

    /// <summary>How long the old secret is good: <c>grace_seconds</c>, a day unless given.</summary>
    public static TimeSpan Grace(JsonElement body)
    {
        RequireKnown(body, "grace_seconds");
        return TimeSpan.FromSeconds(new JsonFields(body).Int("grace_seconds", 0, s_mostSeconds) ?? DefaultGraceSeconds);
    }

    private static AccessScopes Scopes(JsonFields fields)
    {
        if (!fields.TryGet("scopes", out var list))
        {
            throw ApiException.Missing("scopes");
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.WrongType("scopes", "a list of scopes");
        }

        var scopes = AccessScopes.None;
        foreach (var item in list.EnumerateArray())
        {
            scopes |= item.ValueKind == JsonValueKind.String && ScopeNames.Find(item.GetString()!) is { } scope
                ? scope
                : throw ApiException.Invalid("scopes", $"'scopes' has one or more of {string.Join(", ", ScopeNames.All)}.");
        }

        return scopes;
    }

    private static void RequireKnown(JsonElement body, params ReadOnlySpan<string> names)
    {
        foreach (var property in body.EnumerateObject())
        {
            if (!names.Contains(property.Name))
            {
                throw ApiException.Unsupported(property.Name, $"'{(property.Name.Length <= 80 ? property.Name : property.Name[..80] + "…")}' is not a field of this request.");
            }
        }
    }
}
