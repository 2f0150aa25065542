using AdapterServe.AdapterServer.Access.Jwt;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Access;

/// <summary>
/// Request → in whose name it runs. <b>Semantics</b>: a key or token in <c>Authorization: Bearer</c>, a key in <c>x-api-key</c>, or else the connection's certificate.
/// Where no key was ever made and neither tokens nor certificates are taken, everybody is <see cref="Principal.Local"/>. <b>Effects</b>: thread safe; asks no database.
/// <b>Errors</b>: 401 <c>missing_api_key</c>, <c>invalid_api_key</c>, <c>invalid_token</c>.
/// </summary>
/// <param name="keys">The registry's.</param>
/// <param name="tokens">Null where none are taken.</param>
/// <param name="takesCertificates">Whether connections may bring certificates, which then were verified.</param>
internal sealed class AccessControl(ApiKeys keys, JwtVerifier? tokens, bool takesCertificates)
{
    private const string Scheme = "Bearer ";
    private const string KeyHeader = "x-api-key";

    public ApiKeys Keys => keys;

    /// <summary>Whether callers must say who they are.</summary>
    public bool IsClosed => tokens is not null || takesCertificates || keys.Any;

    public Principal Identify(HttpContext context)
    {
        if (!IsClosed)
        {
            return Principal.Local;
        }

        if (Shown(context.Request) is { } shown)
        {
            return tokens is not null && shown.Contains('.', StringComparison.Ordinal) ? tokens.Verify(shown) : OfKey(shown);
        }

        return (takesCertificates ? ClientCertificates.PrincipalOf(context) : null)
            ?? throw Refusal(ErrorCodes.MissingApiKey, "The request shows no API key: send it as 'Authorization: Bearer KEY'.");
    }

    private static ApiException Refusal(string code, string message) => new(StatusCodes.Status401Unauthorized, code, message);

    /// <summary>What the client shows, or null for nothing. <b>Errors</b>: 401 for two of a kind, and for another scheme.</summary>
    private static string? Shown(HttpRequest request)
    {
        var (authorization, key) = (request.Headers.Authorization, request.Headers[KeyHeader]);
        if (authorization.Count > 1 || key.Count > 1)
        {
            throw Refusal(ErrorCodes.InvalidApiKey, "The request shows more than one API key.");
        }

        if (authorization.Count == 1 && authorization[0] is { Length: > 0 } text)
        {
            return text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
                ? text[Scheme.Length..].Trim(' ')
                : throw Refusal(ErrorCodes.InvalidApiKey, "Authorization has the scheme 'Bearer' here.");
        }

        return key.Count == 1 && key[0] is { Length: > 0 } plain ? plain : null;
    }

    private Principal OfKey(string shown)
    {
        var (state, key) = keys.Check(shown);
        return state switch
        {
            KeyState.Good => new Principal(key!.Tenant, key.Actor, key.Scopes),
            KeyState.Expired => throw Refusal(ErrorCodes.InvalidApiKey, $"The API key {key!.Prefix} has expired."),
            KeyState.Revoked => throw Refusal(ErrorCodes.InvalidApiKey, $"The API key {key!.Prefix} was revoked."),
            _ => throw Refusal(ErrorCodes.InvalidApiKey, "The API key is not known here."),
        };
    }
}
