using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine;

namespace AdapterServe.AdapterServer.Hosting;

internal sealed partial class ModelStartup
{
    private sealed record Imported(BaseModel Base);
    private static Task<Imported> ImportAsync(string folder, string id, CancellationToken cancellationToken) => throw new NotSupportedException(folder + id + cancellationToken);
    private EngineHost StartEngine(Imported imported) => throw new NotSupportedException(imported.ToString() + EngineOptions());
}
