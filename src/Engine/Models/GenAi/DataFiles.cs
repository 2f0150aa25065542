using System.Globalization;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// The files beside a graph that hold its tensors. <b>Effects</b>: those that were asked for stay mapped until <see cref="Dispose"/>.
/// <b>Errors</b>: <see cref="ModelImportException"/> for a place outside of the folder or of a file.
/// </summary>
internal sealed class DataFiles(string folder) : IDisposable
{
    private const int MaxFiles = 1024;
    private readonly SortedDictionary<string, MappedFile> _files = new(StringComparer.Ordinal);

    /// <summary>Full paths, in the order of their names.</summary>
    public IEnumerable<string> Paths => _files.Values.Select(file => file.Path);

    /// <param name="tensor">The proto, with external data.</param>
    /// <param name="described">Its name, type and shape.</param>
    public OnnxTensor Place(TensorProto tensor, OnnxTensor described)
    {
        string? location = null;
        long offset = 0, length = described.Bytes;
        foreach (var entry in tensor.ExternalData)
        {
            switch (entry.Key)
            {
                case "location":
                    location = entry.Value;
                    break;
                case "offset":
                    offset = Number(entry, described);
                    break;
                case "length":
                    length = Number(entry, described);
                    break;
                case "checksum":
                    break;
                default:
                    throw Wrong(described, $"has external data with the unknown key '{entry.Key}'");
            }
        }

        if (length != described.Bytes)
        {
            throw Wrong(described, $"has {length} bytes of data where its type and shape call for {described.Bytes}");
        }

        var file = Open(location ?? "", described);
        return offset <= file.Length - length
            ? described with { File = file, Offset = offset }
            : throw new ModelImportException(
                "data_truncated",
                $"'{location}' has {file.Length} bytes, but '{described.Name}' lies at [{offset}, {offset}+{length}); the file is incomplete.");
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }
    }

    private static long Number(StringStringEntryProto entry, OnnxTensor tensor) =>
        long.TryParse(entry.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Wrong(tensor, $"has the {entry.Key} '{entry.Value}', which is no count of bytes");

    private static ModelImportException Wrong(OnnxTensor tensor, string reason) =>
        new("graph_tensor", $"The graph's tensor '{tensor.Name}' {reason}.");

    private MappedFile Open(string location, OnnxTensor tensor)
    {
        if (_files.TryGetValue(location, out var open))
        {
            return open;
        }

        if (!IsInside(location))
        {
            throw new ModelImportException(
                "data_path", $"The graph looks for '{tensor.Name}' in '{location}', which is not the path of a file in the model folder.");
        }

        if (_files.Count == MaxFiles)
        {
            throw Wrong(tensor, $"lies in one data file more than the {MaxFiles} that are read");
        }

        var path = Path.Combine(folder, location);
        if (!File.Exists(path))
        {
            throw new ModelImportException(
                "data_missing", $"The model folder has no file '{location}', in which the graph looks for '{tensor.Name}'.");
        }

        var file = MappedFile.Open(path);
        _files.Add(location, file);
        return file;
    }

    /// <summary>Relative, each part a plain name.</summary>
    private static bool IsInside(string location) =>
        location.Length is > 0 and <= 4096 && location.IndexOfAny(['\\', ':', '\0']) < 0
            && location.Split('/').All(part => part is not ("" or "." or ".."));
}
