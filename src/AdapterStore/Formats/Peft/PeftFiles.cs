using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Formats.TorchPickle;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>The file names that PEFT writes.</summary>
internal static class PeftFiles
{
    public const string Weights = "adapter_model.safetensors";
    private const string Pickle = "adapter_model.bin";

    public static string? TypeOf(AdapterFolder folder) => folder.Config is { } config ? new ConfigValues(config).Text("peft_type") : null;

    /// <summary>The weights, from safetensors where there are both files: PEFT reads them in this order too.</summary>
    public static ITensorSource OpenWeights(AdapterFiles files) =>
        files.Has(Weights) ? SafetensorsFile.Open(files.PathOf(Weights))
        : files.Has(Pickle) ? TorchPickleFile.Open(files.PathOf(Pickle))
        : throw StoreErrors.Unservable("missing_weights", $"The upload has an adapter_config.json but no {Weights}.");
}
