using AdapterServe.AdapterStore.Blobs;

namespace AdapterServe.AdapterStore.Tests.Fuzz;

/// <summary>One worker's copies of the corpus on disk, of which it damages a file at a time.</summary>
internal sealed class FuzzFolder(string parent)
{
    private readonly string _path = Directory.CreateDirectory(Path.Combine(parent, Guid.NewGuid().ToString("n"))).FullName;
    private readonly HashSet<string> _written = [];

    public string Staging => Path.Combine(_path, "staging");

    /// <summary>The item's files, all sound but one.</summary>
    public AdapterFiles With(FuzzItem item, string fileName, byte[] content)
    {
        var folder = Path.Combine(_path, item.Name);
        if (_written.Add(item.Name))
        {
            Directory.CreateDirectory(folder);
            foreach (var (name, sound) in item.Files)
            {
                File.WriteAllBytes(Path.Combine(folder, name), sound);
            }
        }

        File.WriteAllBytes(Path.Combine(folder, fileName), content);
        return new AdapterFiles(folder, item.FileNames);
    }

    public void Restore(FuzzItem item, string fileName) => File.WriteAllBytes(Path.Combine(_path, item.Name, fileName), item.Files[fileName]);
}
