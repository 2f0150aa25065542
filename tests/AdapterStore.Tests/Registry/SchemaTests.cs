using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Tests.Postgres;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace AdapterServe.AdapterStore.Tests.Registry;

public sealed class SqliteSchemaTests() : SchemaTests(registry: null)
{
    protected override void Execute(string statement)
    {
        using var connection = new SqliteConnection($"Data Source={Registry};Pooling=False");
        connection.Execute(statement);
    }

    [Fact]
    public async Task A_registry_of_the_first_schema_is_brought_up_to_date_with_everything_in_it()
    {
        Execute(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Registry", "first-schema.sql"), TestContext.Current.CancellationToken));
        using var storage = Open("old");
        var adapter = Assert.Single(storage.Catalog.Versions("acme", "a"));
        Assert.Equal((3, "sha256:" + new string('1', 64), "prod"), (adapter.Version, adapter.Digest, Assert.Single(adapter.Aliases)));
        Assert.Equal(4, (await storage.PutAsync("a", new SmallLora(1).Files())).Descriptor.Version);
    }
}

public sealed class PostgresSchemaTests(PostgresServer postgres) : SchemaTests(postgres.NewRegistry())
{
    protected override void Execute(string statement)
    {
        using var connection = new NpgsqlConnection(Registry);
        connection.Execute(statement);
    }
}

/// <summary>The registry's schema and who may open it.</summary>
public abstract class SchemaTests : IDisposable
{
    protected SchemaTests(string? registry) => Registry = registry ?? Path.Combine(Folder.Path, "shared.db");

    protected TestFolder Folder { get; } = new();

    protected string Registry { get; }

    [Theory]
    [InlineData("UPDATE migrations SET checksum = 'other' WHERE number = 1")]
    [InlineData("INSERT INTO migrations VALUES (99, 'later', 'then')")]
    public void A_registry_of_another_schema_is_refused_and_left_alone(string change)
    {
        Open("first").Dispose();
        Execute(change);
        Assert.Equal("registry_schema", Assert.Throws<AdapterStoreException>(() => Open("first")).Code);
        Assert.Equal("registry_schema", Assert.Throws<AdapterStoreException>(() => Open("second")).Code);
    }

    [Fact]
    public async Task Servers_that_start_together_on_an_empty_registry_all_start()
    {
        var storages = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => Open($"{i}"))));
        try
        {
            await storages[0].PutAsync("a", new SmallLora(1).Files());
            Assert.True(await storages[5].Catalog.TryCatchUpAsync(TestContext.Current.CancellationToken));
            Assert.Single(storages[5].Catalog.List("acme"));
        }
        finally
        {
            Array.ForEach(storages, storage => storage.Dispose());
        }
    }

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract void Execute(string statement);

    protected AdapterStorage Open(string name) => AdapterStorage.Open(
        new AdapterStoreOptions { DataDirectory = Path.Combine(Folder.Path, name), Registry = Registry, Blobs = Path.Combine(Folder.Path, "blobs"), CacheBytes = 1 << 24 }, Bases.Small);
}
