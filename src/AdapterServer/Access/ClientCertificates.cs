using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AdapterServe.AdapterStore.Access;
using AdapterServe.AdapterStore.Validation;
using Microsoft.AspNetCore.Connections.Features;

namespace AdapterServe.AdapterServer.Access;

/// <summary>
/// Clients that show a certificate. <b>Semantics</b>: one alternative name that is the URI <c>adapterserve:tenant/NAME</c> says whose client it is, further ones like
/// <c>adapterserve:scope/upload</c> what it may do; without any of these it may infer and upload. A certificate without a tenant is nobody's.
/// </summary>
internal static class ClientCertificates
{
    private const string AlternativeNames = "2.5.29.17";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string TenantMark = "adapterserve:tenant/";
    private const string ScopeMark = "adapterserve:scope/";

    private static readonly Asn1Tag s_uri = new(TagClass.ContextSpecific, 6);
    private static readonly object s_principal = new();

    /// <summary>Whether a certificate is for clients and was signed, directly or through others that the client sent, by one of the authorities. Revocation lists are not asked for.</summary>
    public static bool IsTrusted(X509Certificate2 certificate, X509Chain? sent, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.ExtraStore.AddRange(sent?.ChainPolicy.ExtraStore ?? []);
        return chain.Build(certificate);
    }

    /// <summary>In whose name a connection's requests run; null where it has no certificate or that names no tenant. Found out once a connection.</summary>
    public static Principal? PrincipalOf(HttpContext context)
    {
        if (context.Connection.ClientCertificate is not { } certificate)
        {
            return null;
        }

        var items = context.Features.Get<IConnectionItemsFeature>()?.Items;
        if (items?.TryGetValue(s_principal, out var known) == true)
        {
            return (Principal?)known;
        }

        var principal = PrincipalOf(certificate);
        items?[s_principal] = principal;
        return principal;
    }

    public static Principal? PrincipalOf(X509Certificate2 certificate)
    {
        var uris = Uris(certificate);
        var tenants = uris.Where(uri => uri.StartsWith(TenantMark, StringComparison.Ordinal)).Select(uri => uri[TenantMark.Length..]).ToArray();
        var scopes = uris.Where(uri => uri.StartsWith(ScopeMark, StringComparison.Ordinal)).Select(uri => ScopeNames.Find(uri[ScopeMark.Length..]) ?? AccessScopes.None).ToArray();
        return tenants is [var tenant] && AdapterNames.IsTenant(tenant) && tenant != AdapterNames.SharedTenant
            ? new Principal(tenant, "certificate:" + certificate.SerialNumber.ToLowerInvariant(), scopes.Length == 0 ? AccessScopes.Infer | AccessScopes.Upload : scopes.Aggregate((all, scope) => all | scope))
            : null;
    }

    private static List<string> Uris(X509Certificate2 certificate)
    {
        var uris = new List<string>();
        try
        {
            foreach (var extension in certificate.Extensions.Where(extension => extension.Oid?.Value == AlternativeNames))
            {
                for (var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence(); names.HasData;)
                {
                    if (names.PeekTag().HasSameClassAndValue(s_uri))
                    {
                        uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, s_uri));
                    }
                    else
                    {
                        names.ReadEncodedValue();
                    }
                }
            }
        }
        catch (AsnContentException)
        {
            return [];
        }

        return uris;
    }
}
