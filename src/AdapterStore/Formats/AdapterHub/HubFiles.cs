using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Formats.TorchPickle;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>The file names that the adapters library writes.</summary>
internal static class HubFiles
{
    public const string HeadConfig = "head_config.json";

    private const string Weights = "adapter.safetensors";
    private const string Pickle = "pytorch_adapter.bin";
    private const string HeadWeights = "model_head.safetensors";
    private const string HeadPickle = "pytorch_model_head.bin";

    public static ITensorSource OpenWeights(AdapterFiles files) => Open(files, Weights, Pickle)
        ?? throw StoreErrors.Unservable("missing_weights", $"The upload has an adapter_config.json of the adapters library but no {Weights} and no {Pickle}.");

    /// <summary>The head that was saved with the adapter, or null.</summary>
    public static ITensorSource? OpenHead(AdapterFiles files) => Open(files, HeadWeights, HeadPickle);

    private static ITensorSource? Open(AdapterFiles files, string safetensors, string pickle) =>
        files.Has(safetensors) ? SafetensorsFile.Open(files.PathOf(safetensors)) : files.Has(pickle) ? TorchPickleFile.Open(files.PathOf(pickle)) : null;
}
