using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.AdapterHub;
using AdapterServe.AdapterStore.Formats.Containers;
using AdapterServe.AdapterStore.Formats.Containers.OneBit;
using AdapterServe.AdapterStore.Formats.Gguf;
using AdapterServe.AdapterStore.Formats.OnnxAdapter;
using AdapterServe.AdapterStore.Formats.Peft;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Formats.Peft.Prompts;
using AdapterServe.AdapterStore.Formats.Peft.Vectors;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>The formats that the store reads, asked in this order.</summary>
internal static class AdapterReaders
{
    internal static readonly ImmutableArray<IAdapterReader> All =
    [
        // Before those who would take a part of the composition for the whole.
        new HubSetupReader(),
        .. PeftMethods.All.Select(method => new PeftMethodReader(method)),
        new PeftLoraReader(),
        new PeftTokensReader(),
        new PeftVectorReader(new Ia3()),
        new PeftVectorReader(new Beft()),
        new PeftVectorReader(new LnTuning()),
        new PeftVectorReader(new Shira()),
        .. PeftPromptReader.All,
        new AdaptionPromptReader(),
        new PeftOtherReader(),
        new GgufLoraReader(),
        new OnnxAdapterReader(),
        new CompressedDeltaReader(),
        new MhrReader(),
        new MhrZReader(),
        new LtSftReader(),
        new MosaReader(),
        new OneBitReader(),
        new CausalConvolutionReader(),
        new HydraReader(),
        new SelfActivatedRanksReader(),
        new SpLoraReader(),
        new AdapterHubReader(),
        new HubFusionReader(),

        // Any file without a configuration: after all that know theirs.
        new BareLoraReader(),
    ];

    public static IAdapterReader For(AdapterFolder folder) => All.FirstOrDefault(reader => reader.Recognises(folder)) ?? throw Unknown(folder);

    private static AdapterStoreException Unknown(AdapterFolder folder) => folder.Config is null
        ? StoreErrors.Unservable("unknown_format", $"The upload has no {AdapterFolder.ConfigFile}; send the folder that PEFT's save_pretrained or the adapters library's save_adapter writes.")
        : StoreErrors.Unservable("unknown_format", $"{AdapterFolder.ConfigFile} has neither a peft_type nor a nested config; send the folder that PEFT's save_pretrained or the adapters library's save_adapter writes.");
}
