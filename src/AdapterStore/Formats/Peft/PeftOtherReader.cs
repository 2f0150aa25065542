using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>Names the reason why a PEFT adapter of a method that no reader serves is refused.</summary>
internal sealed class PeftOtherReader : IAdapterReader
{
    public bool Recognises(AdapterFolder folder) => PeftFiles.TypeOf(folder) is not null;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var type = PeftFiles.TypeOf(folder)!;
        throw type == "LILY"
            ? StoreErrors.Unservable(
                "batch_dependent",
                "LILY's router averages over every row and token of the batch, so one request's output would depend on its neighbours; train a LoRA instead.")
            : StoreErrors.Unservable(
                "unsupported_peft_type", $"peft_type '{AdapterNames.Shorten(type)}' is not served yet; train a LoRA instead.");
    }
}
