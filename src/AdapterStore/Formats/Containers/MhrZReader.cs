using AdapterServe.AdapterStore.Formats.TorchPickle;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>
/// A tenant of another adapter's skills: routing of its own, and of an <see cref="MhrReader"/>'s adapter, its inventory, everything else.
/// <b>Effects</b>: reads the copy of the inventory that the upload has put beside the tenant's own files, see <see cref="Uploads.InventoryFiles"/>.
/// </summary>
internal sealed class MhrZReader : IAdapterReader
{
    private const string Type = "mhr-z";
    private const string Key = "inventory";

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact(Type, $"`adapter_type: {Type}`", "low_rank, dense", "routing over another adapter of kind `mhr`, its `inventory`")];

    public bool Recognises(AdapterFolder folder) => Container.TypeOf(folder) == Type;

    public (string Name, string Kind)? InventoryOf(AdapterFolder folder)
    {
        var config = new ConfigValues(folder.Config!.Value);
        return config.Text(Key) is { Length: > 0 } name ? (name, MhrReader.Type) : throw StoreErrors.Malformed("config_missing_key", $"{AdapterFolder.ConfigFile} has no '{Key}'.");
    }

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var own = new ConfigValues(folder.Config!.Value);
        Container.RequireKnown(own, [Key, "tasks"]);
        var tasks = FileTasks.Named("tasks", own.Texts("tasks"));
        const string SharedConfig = AdapterFolder.InventoryPrefix + AdapterFolder.ConfigFile;
        using var inventory = StrictJson.ReadObject(Container.Require(folder, SharedConfig), SharedConfig);
        var file = Open(folder);
        try
        {
            return new AdapterTensors(Type, file, MhrReader.Place(new ConfigValues(inventory.RootElement), file, tasks.Length, folder.Task, baseModel)) { Tasks = tasks };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static JoinedTensors Open(AdapterFolder folder)
    {
        var own = TorchPickleFile.Open(Container.Require(folder, MhrReader.File));
        try
        {
            return new JoinedTensors(own, TorchPickleFile.Open(Container.Require(folder, AdapterFolder.InventoryPrefix + MhrReader.File)));
        }
        catch
        {
            own.Dispose();
            throw;
        }
    }
}
