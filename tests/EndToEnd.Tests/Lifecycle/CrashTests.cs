using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Lifecycle;

/// <summary>Crashes at bad moments, and disks without room.</summary>
public sealed class CrashTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_crash_in_the_middle_of_an_upload_leaves_nothing_and_the_next_upload_succeeds()
    {
        var data = Directory.CreateTempSubdirectory("adapterserve-e2e-").FullName;
        try
        {
            await using (var first = await ServerProcess.StartAsync(["--no-demo"], data))
            {
                using var kept = await first.Client.PutFilesAsync("kept", Api.Files(Repository.Adapter("polite-lora")));
                Assert.Equal(HttpStatusCode.Created, kept.StatusCode);
                var half = new HalfContent(Api.Files(Repository.Adapter("pirate-lora")));
                var upload = first.Client.PutAsync("/v1/adapters/half", half, Cancellation);
                await half.HalfSent.WaitAsync(Cancellation);
                first.Kill();
                half.Release();
                await Assert.ThrowsAnyAsync<HttpRequestException>(() => upload);
            }

            await using var second = await ServerProcess.StartAsync(["--no-demo"], data);
            var names = (await second.Client.GetJsonAsync("/v1/adapters"))["data"]!.AsArray().Select(adapter => adapter!["name"]!.GetValue<string>());
            Assert.Equal(["kept"], names);
            Assert.DoesNotContain(Directory.GetFiles(data, "*", SearchOption.AllDirectories), path => path.Contains("staging", StringComparison.Ordinal));
            using var again = await second.Client.PutFilesAsync("half", Api.Files(Repository.Adapter("pirate-lora")));
            Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task A_crash_while_starting_does_not_spoil_the_next_start()
    {
        var data = Directory.CreateTempSubdirectory("adapterserve-e2e-").FullName;
        try
        {
            for (var attempt = 0; attempt < 5; attempt++)
            {
                // Killed at moments that differ by what it has logged, never by the clock.
                await using var killed = await ServerProcess.StartAsync([], data, waitForReady: false);
                for (var probe = 0; probe < attempt * 40; probe++)
                {
                    using var live = await killed.Client.GetAsync("/livez", Cancellation);
                }

                killed.Kill();
            }

            await using var server = await ServerProcess.StartAsync([], data);
            Assert.Equal(9, (await server.Client.GetJsonAsync("/v1/models"))["data"]!.AsArray().Count);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task A_full_disk_is_507_and_what_was_there_still_serves()
    {
        var data = Directory.CreateTempSubdirectory("adapterserve-e2e-").FullName;
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", data);
        try
        {
            await using var server = await ServerProcess.StartAsync([], data);
            var used = Directory.GetFiles(data, "*", SearchOption.AllDirectories).Sum(path => new FileInfo(path).Length);
            await File.WriteAllBytesAsync(Path.Combine(data, "filler"), new byte[(24 << 20) - used - (700 << 10)], Cancellation);
            using var refused = await server.Client.PutFilesAsync("big", Api.Files(Repository.Adapter("pirate-showcase")).Append(("notes.bin", new byte[1 << 20])));
            Assert.Equal((507, "storage_full"), ((int)refused.StatusCode, (await Api.ErrorAsync(refused)).GetProperty("code").GetString()));
            using var listed = await server.Client.GetAsync("/v1/adapters/big", Cancellation);
            Assert.Equal(HttpStatusCode.NotFound, listed.StatusCode);
            using var served = await server.Client.PostAsync("/v1/completions", Api.Json("""{"model":"pirate","prompt":"Once"}"""), Cancellation);
            Assert.Equal(HttpStatusCode.OK, served.StatusCode);
        }
        finally
        {
            await RunAsync("umount", data);
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync(Cancellation);
        Assert.True(process.ExitCode == 0, $"{program}: {await process.StandardError.ReadToEndAsync(Cancellation)}");
    }

    /// <summary>A multipart body that stops half-way until it is released.</summary>
    private sealed class HalfContent : HttpContent
    {
        private readonly byte[] _body;
        private readonly TaskCompletionSource _half = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public HalfContent((string Name, byte[] Content)[] files)
        {
            using var form = new MultipartFormDataContent("half");
            foreach (var (name, content) in files)
            {
                form.Add(new ByteArrayContent(content), "files", name);
            }

            using var bytes = new MemoryStream();
            form.CopyTo(bytes, null, CancellationToken.None);
            _body = bytes.ToArray();
            Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=half");
        }

        public Task HalfSent => _half.Task;

        public void Release() => _released.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(_body.AsMemory(0, _body.Length / 2));
            await stream.FlushAsync();
            _half.TrySetResult();
            await _released.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _body.Length;
            return true;
        }
    }
}
