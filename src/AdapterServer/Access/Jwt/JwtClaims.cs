using System.Text.Json;
using AdapterServe.AdapterStore.Access;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterServer.Access.Jwt;

/// <summary>The claims of a token whose signature is right.</summary>
internal sealed class JwtClaims(JsonElement claims, JwtRules rules)
{
    private const double Skew = 60;
    private const double LastSecond = 253402300799;
    private const int MostActorCharacters = 128;

    /// <summary><b>Errors</b>: 401 <c>invalid_token</c>.</summary>
    public (Principal Principal, DateTimeOffset Expires) Read(DateTimeOffset now)
    {
        var seconds = now.ToUnixTimeMilliseconds() / 1000d;
        if (Time("exp") is not { } expires)
        {
            throw JwtVerifier.Refusal("it does not say when it expires");
        }

        if (seconds >= expires + Skew)
        {
            throw JwtVerifier.Refusal("it has expired");
        }

        if (Time("nbf") is { } begins && seconds < begins - Skew)
        {
            throw JwtVerifier.Refusal("it is not good yet");
        }

        if (JwtParts.Text(claims, "iss") != rules.Issuer)
        {
            throw JwtVerifier.Refusal("it is of another issuer");
        }

        if (!Words("aud", isSpaced: false).Contains(rules.Audience, StringComparer.Ordinal))
        {
            throw JwtVerifier.Refusal("it is for another audience");
        }

        return (new Principal(Tenant(), Actor(), Scopes()), DateTimeOffset.FromUnixTimeMilliseconds((long)(Math.Min(expires + Skew, LastSecond) * 1000)));
    }

    private string Tenant() => JwtParts.Text(claims, rules.TenantClaim) is { } tenant && AdapterNames.IsTenant(tenant) && tenant != AdapterNames.SharedTenant
        ? tenant
        : throw JwtVerifier.Refusal($"its claim '{rules.TenantClaim}' is not a tenant's name");

    private string Actor()
    {
        var subject = JwtParts.Text(claims, "sub") ?? string.Empty;
        var plain = string.Concat(subject.Take(MostActorCharacters).Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter));
        return "token:" + plain;
    }

    private AccessScopes Scopes() => Words(rules.ScopeClaim, isSpaced: true).Aggregate(AccessScopes.None, (scopes, word) => scopes | (ScopeNames.Find(word) ?? AccessScopes.None));

    /// <summary>A string, or a list of them; anything else is none.</summary>
    private string[] Words(string name, bool isSpaced) => !claims.TryGetProperty(name, out var value) ? [] : value.ValueKind switch
    {
        JsonValueKind.String => isSpaced ? value.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries) : [value.GetString()!],
        JsonValueKind.Array => [.. value.EnumerateArray().Where(word => word.ValueKind == JsonValueKind.String).Select(word => word.GetString()!)],
        _ => [],
    };

    /// <summary>Seconds since 1970. <b>Errors</b>: 401 for what is there and no time.</summary>
    private double? Time(string name)
    {
        if (!claims.TryGetProperty(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and <= LastSecond
            ? seconds
            : throw JwtVerifier.Refusal($"its claim '{name}' is not a time");
    }
}
