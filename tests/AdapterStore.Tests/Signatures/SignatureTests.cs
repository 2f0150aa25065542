using System.Text;
using AdapterServe.AdapterStore.Signatures;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Signatures;

public sealed class SignatureTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>RFC 8032, section 7.1, tests 1 to 3.</summary>
    [Theory]
    [InlineData(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [InlineData(
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    public void The_standards_own_vectors_hold_and_nothing_near_them(string key, string message, string signature)
    {
        var algorithm = Ed25519.TryLoad()!;
        var (k, m, s) = (Convert.FromHexString(key), Convert.FromHexString(message), Convert.FromHexString(signature));
        Assert.True(algorithm.Verify(k, m, s));
        Assert.False(algorithm.Verify(k, [.. m, 0], s));
        foreach (var place in new[] { 0, 31, 32, 63 })
        {
            var wrong = s.ToArray();
            wrong[place] ^= 1;
            Assert.False(algorithm.Verify(k, m, wrong));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("release")]
    [InlineData("release AAAA")]
    [InlineData("release !")]
    [InlineData("rel/ea/se 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")]
    [InlineData("a 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\na 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")]
    public void A_file_of_keys_that_is_wrong_is_refused(string content) =>
        Assert.Equal("trusted_keys", Assert.Throws<AdapterStoreException>(() => TrustedKeys.Read(Write(content))).Code);

    [Fact]
    public void Keys_come_with_or_without_what_PEM_puts_before_them_and_may_be_a_tenants()
    {
        var keys = TrustedKeys.Read(Write("# ours\n\nrelease 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\nacme/ci\tMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"));
        Assert.Equal([("release", null), ("ci", "acme")], keys.Select(key => (key.Name, key.Tenant)));
        Assert.Equal(keys[0].Key, keys[1].Key);
    }

    [Fact]
    public void A_tenants_key_signs_for_nobody_else()
    {
        // The key of the first vector, over what it really signs.
        var path = Write("acme/ci 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
        var rules = new SignatureRules(new AdapterStoreOptions { DataDirectory = _folder.Path, Signatures = SignaturePolicy.Optional, TrustedKeys = path });
        var signature = Convert.ToBase64String(Convert.FromHexString(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"));
        Assert.Equal("ci", rules.Signer("acme", string.Empty, signature));
        Assert.Null(rules.Signer("acme", string.Empty, null));
        Assert.Equal("signature_invalid", Assert.Throws<AdapterStoreException>(() => rules.Signer("other", string.Empty, signature)).Code);
    }

    private string Write(string content)
    {
        var path = Path.Combine(_folder.Path, "keys");
        File.WriteAllText(path, content, new UTF8Encoding(false));
        return path;
    }
}
