using System.Text.Encodings.Web;
using System.Text.Json;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>
/// Refuses a composition of several adapters, whose folders one upload does not hold, and says which request does the same. A setup of the one adapter in the folder is left
/// to that adapter's reader.
/// <b>Errors</b>: Unservable <c>adapter_setup</c>; see <see cref="HubSetup"/>.
/// </summary>
internal sealed class HubSetupReader : IAdapterReader
{
    private const int ShownCharacters = 500;
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public IEnumerable<AdapterKind> Kinds =>
    [
        AdapterKind.Refused(
            "setup", "AdapterHub, `adapter_setup.json`", "adapter_setup", "A setup's adapters lie in folders of their own; upload each by itself and name them in the request's `adapters`. A setup of one adapter is served."),
    ];

    public bool Recognises(AdapterFolder folder) => folder.Files.Has(HubSetup.File) && !IsOfThisFolder(HubSetup.Read(folder), folder);

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var setup = HubSetup.Read(folder);
        if (setup.Alone is { } name)
        {
            throw Refused($"activates '{AdapterNames.Shorten(name)}', which is not the adapter in this upload; send the files of that adapter's folder, or leave {HubSetup.File} out.");
        }

        if (setup.Request is not { } request)
        {
            throw Refused("is a composition that is not served; a request takes stacks, averages, fusions and splits, and averages and fusions within a stack.");
        }

        var shown = request.ToJsonString(s_plain)[1..^1];
        throw Refused(shown.Length <= ShownCharacters
            ? $"activates adapters that lie in folders of their own; upload each under its name and send {AdapterNames.Plain(shown)} with a request."
            : "activates adapters that lie in folders of their own; upload each under its name and name them in a request's \"adapters\" with \"combine\".");
    }

    private static bool IsOfThisFolder(HubSetup setup, AdapterFolder folder) =>
        setup.Alone is { } name && folder.Config is { } config && new ConfigValues(config).Text("name") == name;

    private static AdapterStoreException Refused(string what) => StoreErrors.Unservable("adapter_setup", $"{HubSetup.File} {what}");
}
