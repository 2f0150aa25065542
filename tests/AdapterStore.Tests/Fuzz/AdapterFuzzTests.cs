using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using AdapterServe.AdapterStore.Archives;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Fuzz;

/// <summary>
/// Damaged uploads of every format, from the archive to the lowered weights: each is served or refused with a reason, in bounded memory and time.
/// Rounds are independent and numbered: a failure names its round, which does the same again.
/// <c>ADAPTERSERVE_FUZZ_ROUNDS</c> sets how many.
/// </summary>
public sealed class AdapterFuzzTests : IDisposable
{
    private const int Seed = 20_26;
    private const int ShortRounds = 200_000;
    private const int LongRounds = 1_000_000;
    private const long CacheBytes = 64L << 20;

    /// <summary>Managed memory that one upload of at most 0.6 MB may take while it is read; its weights may take <see cref="CacheBytes"/> of native memory.</summary>
    private const long MaxManagedBytes = 256L << 20;

    /// <summary>Of the wall clock, also where other programs take most of the processor: a hang, not a slow load.</summary>
    private static readonly TimeSpan s_maxTime = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private readonly FuzzCorpus _corpus = new();
    private readonly ConcurrentDictionary<string, int> _outcomes = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Damaged_uploads_are_served_or_refused_with_a_reason()
    {
        var rounds = Rounds();
        var progress = 0;
        Parallel.For(
            0,
            rounds,
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            () => new FuzzFolder(_folder.Path),
            (round, _, folder) =>
            {
                Run(round, folder);
                if (Interlocked.Increment(ref progress) % 100_000 == 0)
                {
                    TestContext.Current.SendDiagnosticMessage($"{progress} of {rounds} rounds");
                }

                return folder;
            },
            _ => { });

        Assert.InRange(_outcomes.GetValueOrDefault("served"), rounds / 100, rounds);
        Assert.InRange(_outcomes.Keys.Count, 30, int.MaxValue);
    }

    private static int Rounds() => Environment.GetEnvironmentVariable("ADAPTERSERVE_FUZZ_ROUNDS") is { Length: > 0 } rounds
        ? int.Parse(rounds, CultureInfo.InvariantCulture)
        : Environment.GetEnvironmentVariable("ADAPTERSERVE_LONG_TESTS") == "1" ? LongRounds : ShortRounds;

    private void Run(int round, FuzzFolder folder)
    {
        var random = new Random(Seed + round);
        var item = _corpus.Pick(random);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        try
        {
            var served = random.Next(8) == 0 ? LoadArchive(item, folder, random) : LoadFolder(item, folder, random);
            Count(served ? "served" : "no files");
        }
        catch (AdapterStoreException refusal)
        {
            Assert.False(string.IsNullOrWhiteSpace(refusal.Message) || string.IsNullOrWhiteSpace(refusal.Code));
            Assert.Contains(refusal.Kind, new[] { AdapterErrorKind.Malformed, AdapterErrorKind.Unservable, AdapterErrorKind.TooLarge });
            Count(refusal.Code);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"Round {round} ({item.Name}) is neither served nor refused: {error.Message}", error);
        }

        var (taken, bytes) = (Stopwatch.GetElapsedTime(started), GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(bytes < MaxManagedBytes, $"Round {round} ({item.Name}) takes {bytes} bytes.");
        Assert.True(taken < s_maxTime, $"Round {round} ({item.Name}) takes {taken}.");
    }

    private bool LoadFolder(FuzzItem item, FuzzFolder folder, Random random)
    {
        var name = item.FileNames[random.Next(item.FileNames.Length)];
        var files = folder.With(item, name, Damage.Of(item.Files[name], _corpus, random));
        try
        {
            return Load(item, files);
        }
        finally
        {
            folder.Restore(item, name);
        }
    }

    private bool LoadArchive(FuzzItem item, FuzzFolder folder, Random random)
    {
        var format = random.Next(2) == 0 ? ArchiveFormat.Zip : ArchiveFormat.Tar;
        var archive = format == ArchiveFormat.Zip ? ArchiveBytes.Zip(item.Files) : ArchiveBytes.Tar(item.Files);
        using var staged = new StagedFiles(folder.Staging, new AdapterStoreOptions { DataDirectory = _folder.Data, MaxUploadBytes = CacheBytes });
        using var body = new MemoryStream(Damage.Of(archive, _corpus, random));
        staged.AddArchiveAsync(format, body, CancellationToken.None).GetAwaiter().GetResult();
        return staged.Count > 0 && Load(item, staged.AsAdapterFiles());
    }

    private static bool Load(FuzzItem item, AdapterFiles files)
    {
        var loaded = new AdapterLoader(item.Base, CacheBytes).Load(files, "sha256:00");
        using var weights = loaded.Weights;
        Assert.InRange(weights.Bytes, 1, 2 * CacheBytes);
        return true;
    }

    private void Count(string outcome) => _outcomes.AddOrUpdate(outcome, 1, (_, count) => count + 1);
}
