using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Rest.Adapters;
using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterServer.KServe;

/// <summary>A model as this protocol names it.</summary>
/// <param name="Name">The base or an adapter, as the client wrote it.</param>
/// <param name="Version">The version's number; 1 for the base.</param>
/// <param name="Reference">What a completion's <c>model</c> field says.</param>
internal sealed record ServedModel(string Name, string Version, string Reference)
{
    private const string BaseVersion = "1";

    /// <summary>False for an adapter that is set aside.</summary>
    public bool IsReady { get; private init; } = true;

    /// <summary><b>Errors</b>: as <see cref="ServingModel.ResolveAdapter"/>.</summary>
    public static async Task<ServedModel> FindAsync(ServingModel model, string name, string version, CancellationToken cancellationToken)
    {
        if (name.Length == 0)
        {
            throw ApiException.Missing("model_name");
        }

        if (name == model.Base.Id)
        {
            return version is "" or BaseVersion
                ? new ServedModel(name, BaseVersion, name)
                : throw new ApiException(404, ErrorCodes.ModelNotFound, $"The base model has the version {BaseVersion} only.", "model_version");
        }

        var reference = version.Length == 0 ? name : $"{name}@{version}";
        var adapter = await model.LookAsync(() => model.DescribeAdapter(reference), cancellationToken).ConfigureAwait(false);
        return new ServedModel(name, $"{adapter!.Version}", reference) { IsReady = adapter.State == AdapterStates.Ready };
    }

    /// <summary>All there are.</summary>
    public IReadOnlyList<string> Versions(ServingModel model)
    {
        var place = AdapterPlace.Of(model.Principal, Name);
        return Name == model.Base.Id || Name.Contains('@')
            ? [Version]
            : [.. model.Store.Catalog.Versions(place.Tenant, place.Name).Select(adapter => $"{adapter.Version}")];
    }
}
