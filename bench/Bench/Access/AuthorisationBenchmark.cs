using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Access.Jwt;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Access;
using Microsoft.AspNetCore.Http;

namespace AdapterServe.Bench.Access;

/// <summary>Time of finding out who asks: headers → principal. Of 10,000 keys, or with a token that was seen before and one that was not.</summary>
internal static class AuthorisationBenchmark
{
    private const int Keys = 10_000;
    private const int Batches = 200;
    private const int BatchRequests = 200;

    public static int Run(string[] args)
    {
        var folder = Directory.CreateTempSubdirectory("adapterserve-bench-");
        try
        {
            using var keys = ApiKeys.OpenAsync(new AdapterStoreOptions { DataDirectory = folder.FullName }, null, CancellationToken.None).GetAwaiter().GetResult();
            var made = Enumerable.Range(0, Keys).Select(i => Make(keys, $"tenant-{i / 100}")).ToArray();
            using var issuer = new Issuer();
            var access = new AccessControl(keys, new JwtVerifier(new JwtRules(Issuer.Name, Issuer.Name, "tenant", "scope"), issuer, TimeProvider.System), takesCertificates: false);
            var secret = made[Keys / 2].Secret;
            Console.WriteLine("request                      ns, median   99 of 100");
            Report("key", () => access.Identify(With(secret)));
            Report("key, wrong secret", () => Refused(access, secret[..16] + new string('0', 64)));
            Report("key, unknown id", () => Refused(access, "as-" + new string('0', 12) + secret[15..]));
            var token = issuer.Sign(0);
            Report("token, seen before", () => access.Identify(With(token)));
            var fresh = Enumerable.Range(1, Batches * BatchRequests * 2).Select(issuer.Sign).GetEnumerator();
            Report("token, new (and its signing)", () => access.Identify(With(fresh.MoveNext() ? fresh.Current : token)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        return 0;
    }

    private static NewApiKey Make(ApiKeys keys, string tenant) => keys.CreateAsync(new ApiKeyWish(tenant, AccessScopes.Infer), "bench", CancellationToken.None).GetAwaiter().GetResult();

    private static DefaultHttpContext With(string credentials)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Authorization = "Bearer " + credentials;
        return context;
    }

    private static void Refused(AccessControl access, string credentials)
    {
        try
        {
            access.Identify(With(credentials));
            throw new InvalidOperationException("It was let in.");
        }
        catch (ApiException)
        {
            // As it should be.
        }
    }

    private static void Report(string name, Action request)
    {
        var times = new double[Batches];
        for (var round = -Batches / 10; round < Batches; round++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < BatchRequests; i++)
            {
                request();
            }

            if (round >= 0)
            {
                times[round] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / BatchRequests;
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-28} {times.Median(),11:F0} {times.Percentile(0.99),11:F0}"));
    }

    private sealed class Issuer : IVerificationKeys, IDisposable
    {
        public const string Name = "bench";

        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        public Issuer() => Current = new JsonWebKeySet([new JsonWebKey("k", _key)]);

        public JsonWebKeySet Current { get; }

        public void AskAgain() => throw new InvalidOperationException("The key is there.");

        public string Sign(int number)
        {
            var claims = $$"""{"iss":"bench","aud":"bench","sub":"{{number}}","tenant":"acme","scope":"infer","exp":{{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 3600}}}""";
            var content = Base64Url.EncodeToString("""{"alg":"ES256","kid":"k"}"""u8) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims));
            return content + "." + Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(content), HashAlgorithmName.SHA256));
        }

        public void Dispose() => _key.Dispose();
    }
}
