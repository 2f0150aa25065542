using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tests.Goldens;

namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>The demo model from a folder of ONNX Runtime GenAI: the goldens' own where they have it, otherwise <see cref="DemoExport"/>'s.</summary>
public abstract class GenAiModel : DemoModel
{
    private readonly string? _made;

    private protected GenAiModel(string name, int bits)
        : this(Folder(name, bits))
    {
    }

    private GenAiModel((string Folder, bool IsMade) model)
        : base(model.Folder, new ImportOptions()) => (ModelFolder, _made) = (model.Folder, model.IsMade ? model.Folder : null);

    public string ModelFolder { get; }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (_made is not null)
        {
            Directory.Delete(_made, recursive: true);
        }
    }

    private static (string Folder, bool IsMade) Folder(string name, int bits)
    {
        var given = Path.Combine(GoldenFile.Folder, "genai", name);
        if (Directory.Exists(given))
        {
            return (given, false);
        }

        var made = Directory.CreateTempSubdirectory("adapterserve-genai-").FullName;
        DemoExport.Write(made, bits);
        return (made, true);
    }
}
