using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>Reads the folder of one <see cref="IPeftMethod"/>: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</summary>
internal sealed class PeftMethodReader(IPeftMethod method) : IAdapterReader
{
    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact(method.Kind, AdapterKind.Peft(method.Type, method.Option), method.Forms, method.Note)];

    public bool Recognises(AdapterFolder folder) => folder.Config is { } config && method.Recognises(new ConfigValues(config));

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var config = new ConfigValues(folder.Config!.Value);
        method.RequireServable(config, baseModel);
        var file = PeftFiles.OpenWeights(folder.Files);
        try
        {
            var budget = new PatternBudget();
            var tensors = PeftTensors.From(file, method, baseModel);
            tensors.RequireSelected(config, baseModel, budget);
            var lower = method.Begin(new PeftAdapter(config, baseModel, tensors, budget, folder.Task));
            SiteTensors[] sites = [.. tensors.BySite.Values.Select(lower).OfType<SiteTensors>().SelectMany(placed => placed.Forms)];
            return sites.Length > 0
                ? new AdapterTensors(method.Kind, file, [.. sites]) { Tasks = method.TasksOf(config) }
                : throw StoreErrors.Unservable("no_modules", "The file adapts no module.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
