namespace AdapterServe.AdapterServer.Access.Jwt;

/// <summary>Which tokens are taken.</summary>
/// <param name="Issuer"><c>iss</c> must be this.</param>
/// <param name="Audience"><c>aud</c> must be, or have, this.</param>
/// <param name="TenantClaim">The claim that names the tenant.</param>
/// <param name="ScopeClaim">The claim that lists scopes: words with spaces between them, or a list of words.</param>
internal sealed record JwtRules(string Issuer, string Audience, string TenantClaim, string ScopeClaim);
