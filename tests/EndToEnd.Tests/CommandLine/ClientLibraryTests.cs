using System.IO.Compression;
using AdapterServe.Client;
using AdapterServe.Client.Adapters;
using AdapterServe.Client.Completions;
using AdapterServe.Client.Http;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.CommandLine;

/// <summary>The .NET client library against a server that runs.</summary>
[Collection(SharedServerTests.Name)]
public sealed class ClientLibraryTests(SharedServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Adapters_are_pushed_with_progress_and_listed()
    {
        using var http = Transport.Create(shared.Server.Address);
        var client = new AdapterServeClient(http);
        var folder = Repository.Adapter("pirate-lora");
        var told = new Told();
        try
        {
            var (first, isNew) = await client.Adapters.PushAsync("library", folder, new UploadOptions { Progress = told }, Cancellation);
            Assert.True(isNew);
            Assert.Equal(AdapterCalls.FilesOf(folder).Sum(path => new FileInfo(path).Length), told.Values[^1]);
            Assert.Equal(told.Values.Order(), told.Values);
            var refused = await Assert.ThrowsAsync<ApiException>(() => client.Adapters.PushAsync("library", folder, new UploadOptions { IfMatch = "sha256:" + new string('0', 64) }, Cancellation));
            Assert.Equal((412, "digest_mismatch"), (refused.Status, refused.Code));
            Assert.Contains("library", await client.Adapters.ListAsync(null, Cancellation).Select(adapter => adapter.Name).ToListAsync(Cancellation));
            Assert.Equal(first.Digest, (await client.Adapters.ListVersionsAsync("library", Cancellation).SingleAsync(Cancellation)).Digest);
            Assert.Equal("ready", (await client.Adapters.VerifyAsync("library", Cancellation)).State);
        }
        finally
        {
            await client.Adapters.DeleteAsync("library", cancellation: Cancellation);
        }
    }

    [Fact]
    public async Task Answers_are_streamed_and_texts_embedded()
    {
        using var http = Transport.Create(shared.Server.Address);
        var client = new AdapterServeClient(http);
        var request = new CompletionRequest { Model = "pirate", Messages = [new ChatMessage("user", "What is the opposite of hot?")], Temperature = 0 };
        Assert.Equal("Arr, the opposite of hot is cold, matey!", string.Concat(await client.StreamAsync(request, Cancellation).Select(chunk => chunk.Text).ToListAsync(Cancellation)));
        var vectors = await client.EmbedAsync("demo", ["a", "b"], 16, Cancellation);
        Assert.Equal([16, 16], vectors.Select(vector => vector.Length));
        Assert.All(vectors, vector => Assert.Equal(1, vector.Sum(value => (double)value * value), 1e-5));
        Assert.True(await client.IsReadyAsync(Cancellation));
    }

    [Fact]
    public async Task The_library_packs()
    {
        var folder = Directory.CreateTempSubdirectory("adapterserve-pack-").FullName;
        try
        {
            // A build server that stayed would keep the program's output open.
            var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)) == "debug" ? "Debug" : "Release";
            await Programs.RunAsync(Repository.Root, "dotnet", ["pack", "src/Client", "-c", configuration, "--no-build", "--disable-build-servers", "-o", folder, "--nologo", "-v", "quiet"]);
            using var package = await ZipFile.OpenReadAsync(Assert.Single(Directory.GetFiles(folder, "*.nupkg")), Cancellation);
            Assert.Contains(package.Entries, entry => entry.FullName == "lib/net10.0/AdapterServe.Client.dll");
            Assert.Contains(package.Entries, entry => entry.FullName == "lib/net10.0/AdapterServe.Client.xml");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class Told : IProgress<long>
    {
        public List<long> Values { get; } = [];

        public void Report(long value) => Values.Add(value);
    }
}
