using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Tests.Postgres;

namespace AdapterServe.AdapterStore.Tests.Uploads;

public sealed class SqliteConcurrentUploadTests() : ConcurrentUploadTests(new TestFolder());

public sealed class PostgresConcurrentUploadTests(PostgresServer postgres) : ConcurrentUploadTests(new TestFolder(postgres.NewRegistry()));

/// <summary>Uploads that meet, the same on every database.</summary>
public abstract class ConcurrentUploadTests : IDisposable
{
    private readonly TestFolder _folder;
    private readonly AdapterStorage _storage;

    protected ConcurrentUploadTests(TestFolder folder)
    {
        _folder = folder;
        _storage = _folder.Open();
    }

    [Fact]
    public async Task If_Match_lets_only_the_expected_content_be_replaced()
    {
        var first = (await _storage.PutAsync("a", new SmallLora(1).Files())).Descriptor.Digest;
        var lost = await Assert.ThrowsAsync<AdapterStoreException>(() => _storage.PutAsync("a", new SmallLora(2).Files(), "sha256:00"));
        Assert.Equal((AdapterErrorKind.PreconditionFailed, "digest_mismatch"), (lost.Kind, lost.Code));
        Assert.True((await _storage.PutAsync("a", new SmallLora(2).Files(), $"\"{first}\"")).Created);
        var late = await Assert.ThrowsAsync<AdapterStoreException>(() => _storage.PutAsync("a", new SmallLora(3).Files(), first));
        Assert.Equal(AdapterErrorKind.PreconditionFailed, late.Kind);
        var absent = await Assert.ThrowsAsync<AdapterStoreException>(() => _storage.PutAsync("none", new SmallLora(3).Files(), first));
        Assert.Equal("digest_mismatch", absent.Code);
        Assert.Equal(2, _storage.Catalog.Resolve("acme", "a").Number);
    }

    [Fact]
    public async Task Of_many_compare_and_swaps_at_once_exactly_one_wins()
    {
        var first = (await _storage.PutAsync("a", new SmallLora(1).Files())).Descriptor.Digest;
        var outcomes = await Task.WhenAll(Enumerable.Range(2, 12).Select(seed => Task.Run(async () =>
        {
            try
            {
                await _storage.PutAsync("a", new SmallLora(seed).Files(), first);
                return "won";
            }
            catch (AdapterStoreException error)
            {
                return error.Code;
            }
        })));
        Assert.Single(outcomes, "won");
        Assert.Equal(11, outcomes.Count(outcome => outcome == "digest_mismatch"));
        Assert.Equal(2, _storage.Catalog.Versions("acme", "a").Count);
    }

    [Fact]
    public async Task Uploads_of_one_name_at_once_are_all_kept_as_versions()
    {
        var puts = await Task.WhenAll(Enumerable.Range(1, 16).Select(seed => Task.Run(() => _storage.PutAsync("a", new SmallLora(seed % 8).Files()))));
        Assert.Equal(8, puts.Count(put => put.Created));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], _storage.Catalog.Versions("acme", "a").Select(version => version.Version));
        Assert.Equal(8, _storage.Catalog.Versions("acme", "a").Select(version => version.Digest).Distinct().Count());
        Assert.Equal(16, _folder.AdapterFiles().Count);
    }

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
