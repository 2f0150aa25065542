using AdapterServe.AdapterStore.Blobs;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>The file names that PEFT writes.</summary>
internal static class PeftFiles
{
    private const string Weights = "adapter_model.safetensors";
    private const string Pickle = "adapter_model.bin";

    public static string? TypeOf(AdapterFolder folder) => folder.Config is { } config ? new ConfigValues(config).Text("peft_type") : null;

    public static string RequireWeights(AdapterFiles files)
    {
        if (files.Has(Weights))
        {
            return files.PathOf(Weights);
        }

        throw files.Has(Pickle)
            ? StoreErrors.Unservable("pickle_weights", $"{Pickle} is a pickle, which the server does not read; save the adapter with safe_serialization=True, which writes {Weights}.")
            : StoreErrors.Unservable("missing_weights", $"The upload has an adapter_config.json but no {Weights}.");
    }
}
