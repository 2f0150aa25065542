using System.Diagnostics;
using AdapterServe.AdapterStore.Formats.TorchPickle;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.TorchPickle;

/// <summary>Sound files with random damage: read or refused, nothing else, in bounded memory and time.</summary>
public sealed class TorchPickleFuzzTests : IDisposable
{
    private const int Seed = 20_26;
    private const int ShortCount = 4_000;
    private const int LongCount = 400_000;

    /// <summary>What one file of up to 140 KB may take: the two budgets of 32 MiB and a small multiple of its size, and the framework's own.</summary>
    private const long MaxBytesEach = 100L << 20;
    private static readonly TimeSpan MaxTimeEach = TimeSpan.FromSeconds(10);
    private static readonly byte[] Telling = [.. "().NQRabcehjqrstuXJKMG]}"u8, 0x80, 0x85, 0x86, 0x87, 0x88, 0x8A, 0x8B, 0x93, 0x94, 0x00, 0x01, 0x7F, 0xFF];

    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Damaged_files_are_read_or_refused()
    {
        var folder = Path.Combine(TestData.Root, "tests", "data", "pickles");
        byte[][] sound = [.. Directory.EnumerateFiles(folder, "*.*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Where(path => Path.GetExtension(path) is ".pt" or ".bin" or ".ckpt").Select(File.ReadAllBytes)];
        Assert.InRange(sound.Length, 10, 100);
        var random = new Random(Seed);
        var count = Environment.GetEnvironmentVariable("ADAPTERSERVE_LONG_TESTS") == "1" ? LongCount : ShortCount;
        var (read, refused) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            var file = Damage(sound[random.Next(sound.Length)], sound, random);
            if (TryRead(file, i))
            {
                read++;
            }
            else
            {
                refused++;
            }
        }

        Assert.InRange(read, count / 100, count);
        Assert.InRange(refused, count / 10, count);
    }

    private bool TryRead(byte[] content, int round)
    {
        File.WriteAllBytes(_path, content);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        try
        {
            using var file = TorchPickleFile.Open(_path);
            foreach (var tensor in file.Tensors.Values)
            {
                Assert.Equal(tensor.Bytes, file.Bytes(tensor).Length);
            }

            return true;
        }
        catch (AdapterStoreException error)
        {
            Assert.Contains(error.Kind, new[] { AdapterErrorKind.Malformed, AdapterErrorKind.TooLarge });
            Assert.True(error.Code.StartsWith("pickle_", StringComparison.Ordinal), error.Code);
            return false;
        }
        finally
        {
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < MaxBytesEach, $"Round {round} of seed {Seed} takes too much memory.");
            Assert.True(watch.Elapsed < MaxTimeEach, $"Round {round} of seed {Seed} takes {watch.Elapsed}.");
        }
    }

    /// <summary>One to four changes, most of them in the first or last 2 KiB, where what is read first lies.</summary>
    private static byte[] Damage(byte[] sound, byte[][] all, Random random)
    {
        var file = sound.ToArray();
        for (var changes = random.Next(1, 5); changes > 0 && file.Length > 8; changes--)
        {
            var at = Place(file.Length, random);
            switch (random.Next(7))
            {
                case 0:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[at] = Telling[random.Next(Telling.Length)];
                    break;
                case 2:
                    random.NextBytes(file.AsSpan(at, Math.Min(random.Next(1, 9), file.Length - at)));
                    break;
                case 3:
                    file = random.Next(4) == 0 ? file[..at] : file;
                    break;
                case 4:
                    file = [.. file[..at], .. file[Math.Min(file.Length, at + random.Next(1, 20))..]];
                    break;
                case 5:
                    var other = all[random.Next(all.Length)];
                    var from = Place(other.Length, random);
                    other.AsSpan(from, Math.Min(Math.Min(random.Next(1, 60), other.Length - from), file.Length - at)).CopyTo(file.AsSpan(at));
                    break;
                default:
                    file.AsSpan(at, Math.Min(random.Next(1, 9), file.Length - at)).Fill((byte)(random.Next(2) * 0xFF));
                    break;
            }
        }

        return file;
    }

    private static int Place(int length, Random random)
    {
        var near = random.Next(Math.Min(length, 2048));
        return random.Next(4) switch { 0 => random.Next(length), 1 => length - 1 - near, _ => near };
    }
}
