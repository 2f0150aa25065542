using System.Text;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Access.Jwt;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Tests.Access;

public sealed class JwtVerifierTests
{
    private static readonly TokenMaker s_issuer = new();

    private readonly StillTime _time = new();
    private readonly FixedKeys _keys = new() { Current = Parse(s_issuer.Document()) };
    private readonly JwtVerifier _verifier;

    public JwtVerifierTests() => _verifier = new JwtVerifier(new JwtRules(TokenMaker.Issuer, TokenMaker.Audience, "tenant", "scope"), _keys, _time);

    private DateTimeOffset Now => _time.Now;

    /// <summary>Changes to a header or to the claims that make a token worthless though its signature fits.</summary>
    public static TheoryData<string, string?, string> WrongClaims => new()
    {
        { "exp", null, "does not say when it expires" },
        { "exp", "-60", "has expired" },
        { "exp", "\"soon\"", "'exp' is not a time" },
        { "exp", "1e300", "'exp' is not a time" },
        { "nbf", "61", "not good yet" },
        { "nbf", "[]", "'nbf' is not a time" },
        { "iss", null, "another issuer" },
        { "iss", "\"https://issuer.example/\"", "another issuer" },
        { "iss", "[\"https://issuer.example\"]", "another issuer" },
        { "aud", null, "another audience" },
        { "aud", "\"adapterserve2\"", "another audience" },
        { "aud", "[\"x\", 7]", "another audience" },
        { "aud", "\"x adapterserve\"", "another audience" },
        { "tenant", null, "'tenant' is not a tenant's name" },
        { "tenant", "\"shared\"", "'tenant' is not a tenant's name" },
        { "tenant", "\"../other\"", "'tenant' is not a tenant's name" },
        { "tenant", "\"acme\\n\"", "'tenant' is not a tenant's name" },
    };

    [Theory]
    [InlineData("RS256", TokenMaker.RsaId)]
    [InlineData("ES256", TokenMaker.CurveId)]
    [InlineData("RS256", null)]
    [InlineData("ES256", null)]
    public void A_token_of_the_issuer_names_its_tenant_and_scopes(string algorithm, string? id)
    {
        var token = s_issuer.Make(TokenMaker.Header(algorithm, id), TokenMaker.Claims(Now));
        var expected = new Principal("acme", "token:alice", AccessScopes.Infer | AccessScopes.Upload);
        Assert.Equal(expected, _verifier.Verify(token));
        Assert.Equal(expected, _verifier.Verify(token));
    }

    [Fact]
    public void Audience_and_scopes_may_be_lists_and_times_are_taken_with_a_minutes_grace()
    {
        var claims = TokenMaker.Claims(Now);
        claims["aud"] = new JsonArray("other", TokenMaker.Audience);
        claims["scope"] = new JsonArray("admin", "unheard-of", 3);
        claims["nbf"] = Now.ToUnixTimeSeconds() + 60;
        claims["exp"] = Now.ToUnixTimeSeconds() - 59;
        Assert.Equal(AccessScopes.Admin, _verifier.Verify(s_issuer.Make(TokenMaker.Header("ES256", TokenMaker.CurveId), claims)).Scopes);
    }

    [Theory]
    [MemberData(nameof(WrongClaims))]
    public void A_claim_that_is_wrong_is_named(string claim, string? value, string reason)
    {
        var claims = TokenMaker.Claims(Now);
        claims.Remove(claim);
        if (value is not null)
        {
            claims[claim] = int.TryParse(value, out var seconds) ? Now.ToUnixTimeSeconds() + seconds : JsonNode.Parse(value);
        }

        Refused(s_issuer.Make(TokenMaker.Header("RS256", TokenMaker.RsaId), claims), reason);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("HS256")]
    [InlineData("RS384")]
    [InlineData("rs256")]
    public void Other_algorithms_are_refused_whatever_the_signature_says(string algorithm)
    {
        Refused(s_issuer.Make(TokenMaker.Header(algorithm, TokenMaker.RsaId), TokenMaker.Claims(Now)) + (algorithm == "HS256" ? "" : "AA"), "algorithm");
        Refused(s_issuer.Make(TokenMaker.Header(algorithm, null), TokenMaker.Claims(Now)) + (algorithm == "HS256" ? "" : "AA"), "algorithm");
    }

    [Theory]
    [InlineData("RS256", TokenMaker.CurveId)]
    [InlineData("ES256", TokenMaker.RsaId)]
    [InlineData("RS256", "secret")]
    [InlineData("RS256", "enc")]
    [InlineData("RS256", "unknown")]
    public void A_key_is_used_for_its_own_algorithm_only(string algorithm, string id)
    {
        Refused(s_issuer.Make(TokenMaker.Header(algorithm, id), TokenMaker.Claims(Now)), "no key of the issuer fits");
        Assert.Equal(1, _keys.Asked);
    }

    [Fact]
    public void A_token_that_another_signed_or_somebody_changed_is_refused()
    {
        Refused(new TokenMaker().Good(Now), "signature is wrong");
        var parts = s_issuer.Good(Now).Split('.');
        var richer = TokenMaker.Text(Encoding.UTF8.GetBytes(TokenMaker.Claims(Now, scope: "operator").ToJsonString()));
        Refused($"{parts[0]}.{richer}.{parts[2]}", "signature is wrong");
        Refused($"{parts[0]}.{parts[1]}.{TokenMaker.Text(new byte[256])}", "signature is wrong");
        Refused($"{parts[0]}.{parts[1]}.AAAA", "signature is wrong");
        var point = s_issuer.Make(TokenMaker.Header("ES256", TokenMaker.CurveId), TokenMaker.Claims(Now)).Split('.');
        Refused($"{point[0]}.{point[1]}.{TokenMaker.Text(new byte[64])}", "signature is wrong");
    }

    [Theory]
    [InlineData("crit", "[\"exp\"]", "critical")]
    [InlineData("typ", "\"JWE\"", "type")]
    [InlineData("typ", "7", "type")]
    [InlineData("kid", "7", "key's name")]
    [InlineData("alg", "7", "algorithm")]
    [InlineData("alg", "[\"RS256\"]", "algorithm")]
    public void A_header_that_asks_for_something_else_is_refused(string name, string value, string reason)
    {
        var header = TokenMaker.Header("RS256", TokenMaker.RsaId);
        header[name] = JsonNode.Parse(value);
        var made = s_issuer.Make(TokenMaker.Header("RS256", TokenMaker.RsaId), TokenMaker.Claims(Now)).Split('.');
        Refused($"{TokenMaker.Text(Encoding.UTF8.GetBytes(header.ToJsonString()))}.{made[1]}.{made[2]}", reason);
    }

    [Fact]
    public void What_is_no_token_is_refused_as_such()
    {
        var good = s_issuer.Good(Now);
        var parts = good.Split('.');
        var twice = TokenMaker.Text("{\"alg\":\"RS256\",\"alg\":\"none\"}"u8.ToArray());
        var list = TokenMaker.Text("[]"u8.ToArray());
        string[] wrong = [".", "..", "a.b.c", $"{parts[0]}.{parts[1]}", good + ".x", good + "=", " " + good, good + "\n", $"{twice}.{parts[1]}.{parts[2]}", $"{list}.{parts[1]}.{parts[2]}", $"{parts[0]}.{parts[1]}.", "é.é.é"];
        Assert.All(wrong, token => Refused(token, "three parts"));
        Refused(new string('a', 9000), "longer than 8192");
    }

    [Fact]
    public void A_verified_token_is_forgotten_when_it_expires_or_the_keys_change()
    {
        var token = s_issuer.Good(Now);
        _verifier.Verify(token);
        _keys.Current = Parse(new TokenMaker().Document());
        Refused(token, "signature is wrong");
        _keys.Current = Parse(s_issuer.Document());
        _verifier.Verify(token);
        _time.Now += TimeSpan.FromSeconds(360);
        Refused(token, "has expired");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"keys\":{}}")]
    [InlineData("{\"keys\":[")]
    public void What_is_no_key_set_is_not_taken_for_one(string json) => Assert.Throws<FormatException>(() => JsonWebKeySet.Parse(Encoding.UTF8.GetBytes(json)));

    private static JsonWebKeySet Parse(JsonObject document) => JsonWebKeySet.Parse(Encoding.UTF8.GetBytes(document.ToJsonString()));

    private void Refused(string token, string reason)
    {
        var refusal = Assert.Throws<ApiException>(() => _verifier.Verify(token));
        Assert.Equal((401, ErrorCodes.InvalidToken), (refusal.Status, refusal.Code));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }
}
