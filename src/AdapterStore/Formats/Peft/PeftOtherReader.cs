using System.Collections.Frozen;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>Names the reason why a PEFT adapter of a method that no reader serves is refused.</summary>
internal sealed class PeftOtherReader : IAdapterReader
{
    /// <summary>Why a method's file does not say what the adapter computes, or computes it from more than one request.</summary>
    private static readonly FrozenDictionary<string, (string Code, string Reason)> s_refused = new Dictionary<string, (string Code, string Reason)>(StringComparer.Ordinal)
    {
        ["LILY"] = ("batch_dependent", "LILY's router averages over every row and token of the batch, so one request's output would depend on its neighbours; train a LoRA instead."),
        ["PSOFT"] = ("psoft", "PSOFT mixes singular vectors of the base that its file lacks, and their signs depend on the library that computed them; train a LoRA instead."),
        ["XLORA"] = ("xlora", "X-LoRA runs the model twice and mixes several adapters by a classifier over its hidden states; upload its adapters one by one."),
        ["ADAMSS"] = ("adamss", "AdaMSS spreads its factors by a clustering of the base's weights that its file lacks; train a LoRA instead."),
        ["SHADOW"] = ("shadow", "Shadow runs a second model beside the base; train a LoRA instead."),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public IEnumerable<AdapterKind> Kinds => s_refused.Select(type => AdapterKind.Refused(type.Key.ToLowerInvariant(), AdapterKind.Peft(type.Key), type.Value.Code, type.Value.Reason));

    public bool Recognises(AdapterFolder folder) => PeftFiles.TypeOf(folder) is not null;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var type = PeftFiles.TypeOf(folder)!;
        throw s_refused.TryGetValue(type, out var refused)
            ? StoreErrors.Unservable(refused.Code, refused.Reason)
            : StoreErrors.Unservable("unsupported_peft_type", $"peft_type '{AdapterNames.Shorten(type)}' is not served; train a LoRA instead.");
    }
}
