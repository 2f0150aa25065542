using System.Text;
using AdapterServe.AdapterServer.Errors;

namespace AdapterServe.AdapterServer.Access.Jwt;

/// <summary>
/// Signed token → in whose name its bearer asks. <b>Semantics</b>: RS256 and ES256 alone, with a key of the issuer's list whose kind the algorithm fits; what a token says of itself beyond its key's
/// name (<c>jku</c>, <c>jwk</c>, <c>x5u</c>) counts for nothing. Verified ones are remembered by their digest until they expire or the keys change.
/// <b>Effects</b>: thread safe. <b>Errors</b>: 401 <c>invalid_token</c>.
/// </summary>
internal sealed class JwtVerifier(JwtRules rules, IVerificationKeys keys, TimeProvider time)
{
    private const int MostCharacters = 8192;

    private readonly VerifiedTokens _verified = new();

    public Principal Verify(string token)
    {
        if (token.Length > MostCharacters)
        {
            throw Refusal($"it is longer than {MostCharacters} characters");
        }

        var (current, now) = (keys.Current, time.GetUtcNow());
        var digest = TokenDigest.Of(token);
        if (_verified.Find(digest, current, now) is { } known)
        {
            return known;
        }

        var parts = JwtParts.Of(token) ?? throw Refusal("it is not three parts of base64url with JSON objects in the first two");
        using (parts)
        {
            RequireSignature(token, parts, current);
            var claims = new JwtClaims(parts.Claims, rules);
            var (principal, expires) = claims.Read(now);
            _verified.Add(digest, current, principal, expires);
            return principal;
        }
    }

    public static ApiException Refusal(string reason) => new(StatusCodes.Status401Unauthorized, ErrorCodes.InvalidToken, $"The token is refused: {reason}.");

    private void RequireSignature(string token, JwtParts parts, JsonWebKeySet current)
    {
        var header = parts.Header;
        if (header.TryGetProperty("crit", out _))
        {
            throw Refusal("its header has critical extensions");
        }

        var algorithm = JwtParts.Text(header, "alg");
        if (algorithm is not (JsonWebKey.Rs256 or JsonWebKey.Es256))
        {
            throw Refusal($"its algorithm is not {JsonWebKey.Rs256} or {JsonWebKey.Es256}");
        }

        if (header.TryGetProperty("typ", out _) && JwtParts.Text(header, "typ")?.ToUpperInvariant() is not ("JWT" or "AT+JWT"))
        {
            throw Refusal("its type is not JWT");
        }

        var id = JwtParts.Text(header, "kid");
        if (id is null && header.TryGetProperty("kid", out _))
        {
            throw Refusal("its key's name is not a string");
        }

        var key = current.Find(algorithm, id);
        if (key is null)
        {
            keys.AskAgain();
            throw Refusal("no key of the issuer fits its header");
        }

        if (!key.Verifies(Encoding.ASCII.GetBytes(token[..token.LastIndexOf('.')]), parts.Signature))
        {
            throw Refusal("its signature is wrong");
        }
    }
}
