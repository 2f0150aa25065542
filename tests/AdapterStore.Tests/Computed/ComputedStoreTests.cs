using AdapterServe.AdapterStore.Computed;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Computed;

public sealed class ComputedStoreTests : IDisposable
{
    private const string Digest = "sha256:00ab";
    private readonly TestFolder _folder = new();

    private string Folder => Path.Combine(_folder.Data, "computed");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Values_are_computed_once_and_found_by_the_next_load()
    {
        Run(Open(), Digest, () => [1.5, 2, 3]);
        var values = Open().Open(Digest);
        Assert.Equal([1.5, 2, 3], values.Get<double>("gain", 3, () => throw new InvalidOperationException("Computed again.")));
        Assert.False(values.HasNew);
    }

    [Fact]
    public void Another_content_another_task_and_another_base_have_values_of_their_own()
    {
        Run(Open(), Digest, () => [1]);
        Assert.Equal([2.0], Run(Open(), "sha256:00ac", () => [2]));
        Assert.Equal([3.0], Run(Open(), Digest + "#1", () => [3]));
        Assert.Equal([4.0], Run(Open(fingerprint: "sha256:b1"), Digest, () => [4]));
        Assert.Equal([1.0], Run(Open(), Digest, () => [5]));
        Assert.Equal(4, Files().Length);
        Open().Remove(Digest);
        Assert.StartsWith("00ac-", Path.GetFileName(Assert.Single(Files())), StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_cut_off_a_file_its_values_are_computed_again()
    {
        Run(Open(), Digest, () => [1, 2]);
        var whole = File.ReadAllBytes(Assert.Single(Files()));
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(Files()[0], whole[..length]);
            Assert.Equal([7.0, 8], Run(Open(), Digest, () => [7, 8]));
        }

        Assert.Equal([7.0, 8], Run(Open(), Digest, () => [0, 0]));
    }

    [Fact]
    public void Whatever_bit_of_a_file_is_turned_its_values_are_computed_again()
    {
        Run(Open(), Digest, () => [1, 2]);
        var whole = File.ReadAllBytes(Assert.Single(Files()));
        for (var at = 0; at < whole.Length; at++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= (byte)(1 << (at % 8));
            File.WriteAllBytes(Files()[0], damaged);
            Assert.Equal([7.0, 8], Run(Open(), Digest, () => [7, 8]));
        }
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(3)]
    public void A_file_that_lies_about_its_lengths_under_a_sound_checksum_is_not_believed(int lie)
    {
        Run(Open(), Digest, () => [1, 2]);
        var path = Assert.Single(Files());
        var whole = File.ReadAllBytes(path);
        for (var at = 8; at + 4 <= whole.Length - 32; at++)
        {
            var body = whole[..^32];
            BitConverter.TryWriteBytes(body.AsSpan(at), lie);
            File.WriteAllBytes(path, [.. body, .. System.Security.Cryptography.SHA256.HashData(body)]);
            Assert.Equal(2, Run(Open(), Digest, () => [7, 8]).Length);
        }
    }

    [Fact]
    public void Values_of_another_length_or_type_or_that_are_not_finite_are_computed_again()
    {
        Run(Open(), Digest, () => [double.NaN, 2]);
        Assert.Equal([3.0, 4], Run(Open(), Digest, () => [3, 4]));
        Assert.Equal([5.0, 6, 7], Run(Open(), Digest, () => [5, 6, 7]));
        var values = Open().Open(Digest);
        Assert.Equal([1f, 2, 3, 4, 5, 6], values.Get("gain", 6, () => new float[] { 1, 2, 3, 4, 5, 6 }));
    }

    [Fact]
    public void The_oldest_files_go_when_all_together_are_too_large()
    {
        var store = Open(bytes: 8000);
        for (var i = 0; i < 8; i++)
        {
            Run(store, $"sha256:0{i}", () => new double[200]);
            File.SetLastWriteTimeUtc(Files().Single(path => Path.GetFileName(path).StartsWith($"0{i}-", StringComparison.Ordinal)), DateTime.UnixEpoch.AddHours(i));
        }

        Assert.Equal(["04", "05", "06", "07"], Files().Select(path => Path.GetFileName(path)[..2]).Order());
    }

    [Fact]
    public void More_than_a_quarter_of_the_room_is_not_kept_at_all()
    {
        Run(Open(bytes: 8000), Digest, () => new double[251]);
        Assert.Empty(Files());
    }

    [Fact]
    public void A_folder_that_can_not_be_written_costs_time_and_nothing_else()
    {
        var store = Open();
        Directory.Delete(Folder);
        File.WriteAllText(Folder, "in the way");
        Assert.Equal([1.0], Run(store, Digest, () => [1]));
        store.Remove(Digest);
    }

    [Fact]
    public void What_a_crash_left_unfinished_is_removed_at_the_start()
    {
        _ = Open();
        File.WriteAllText(Path.Combine(Folder, "0123.tmp"), "half");
        _ = Open();
        Assert.Empty(Files());
    }

    private ComputedStore Open(long bytes = 1 << 20, string fingerprint = Bases.Fingerprint) =>
        new(new AdapterStoreOptions { DataDirectory = _folder.Data, ComputedBytes = bytes }, fingerprint);

    private string[] Files() => Directory.GetFiles(Folder);

    private static double[] Run(ComputedStore store, string digest, Func<double[]> compute)
    {
        var values = store.Open(digest);
        var length = compute().Length;
        var result = values.Get("gain", length, compute);
        store.Save(digest, values);
        return result;
    }
}
