using System.Collections.Immutable;
using System.Text.Json;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>
/// Adapters as the adapters library (AdapterHub) saves them: <c>adapter_config.json</c> with a nested <c>config</c>, <c>adapter.safetensors</c> or
/// <c>pytorch_adapter.bin</c>, and perhaps a head.
/// <b>Errors</b>: Malformed and Unservable, one code for each way in which configuration, file and base disagree.
/// <b>Source</b>: the adapters library, versions 0.1 to 1.3, and the file names of adapter-transformers.
/// </summary>
internal sealed class AdapterHubReader : IAdapterReader
{
    private static readonly ImmutableArray<IHubArchitecture> s_architectures = [new HubBottleneck(), new HubLora(), new HubPrefix()];

    public IEnumerable<AdapterKind> Kinds =>
    [
        AdapterKind.Exact("bottleneck", "AdapterHub, seq_bn, double_seq_bn, par_bn, AdapterPlus, with or without `inv_adapter`", "bottleneck", "a union's parts are joined by `+`"),
        AdapterKind.Exact("compacter", "AdapterHub, `phm_layer`", "bottleneck", "its products are made at load"),
        AdapterKind.Exact("lora", "AdapterHub", "low_rank"),
        AdapterKind.Exact("dora", "AdapterHub, `use_dora`", "low_rank, output_scale", "with the base's weights; not PEFT's function, the bias is scaled too"),
        AdapterKind.Exact("vera", "AdapterHub, `vera_d`, `vera_b`", "low_rank"),
        AdapterKind.Exact("ia3", "AdapterHub, `composition_mode=scale`", "output_scale"),
        AdapterKind.Exact("prefix_tuning", "AdapterHub", "prefix", "text keeps position 0"),
        AdapterKind.Refused("gating", "AdapterHub, `use_gating`", "gating", "Its gate is a mean over all tokens, those to come included."),
    ];

    public bool Recognises(AdapterFolder folder) =>
        folder.Config is { } config && new ConfigValues(config).Find("config") is { ValueKind: JsonValueKind.Object or JsonValueKind.String };

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var root = new ConfigValues(folder.Config!.Value);
        var parts = HubConfig.Parts(root).Select(config => (Config: config, Architecture: Find(config))).ToList();
        var file = HubFiles.OpenWeights(folder.Files);
        ITensorSource? head = null;
        try
        {
            var adapter = new HubAdapter(root, baseModel, HubTensors.OfAdapter(file));
            List<SiteTensors> sites = [.. parts.SelectMany(part => part.Architecture.ReadSites(part.Config, adapter))];
            var virtualTokens = parts.Select(part => part.Architecture.ReadVirtualTokens(part.Config, adapter)).OfType<VirtualTokenTensors>().ToList();
            adapter.Tensors.RequireNoneLeft();
            head = HubFiles.OpenHead(folder.Files);
            sites.AddRange(head is null ? [] : HubHead.Read(folder, head, baseModel));
            if (sites.Count == 0 && virtualTokens.Count == 0)
            {
                throw StoreErrors.Unservable("no_modules", "The file adapts no module.");
            }

            if (virtualTokens.Count > 1)
            {
                throw StoreErrors.Unservable("several_prefixes", "The adapter is a union with two prefixes, of which one is served; save them as two adapters.");
            }

            var kind = string.Join('+', parts.Select(part => part.Architecture.KindOf(part.Config)));
            return new AdapterTensors(kind, head is null ? file : new JoinedTensors(file, head), [.. sites]) 
            {
                VirtualTokens = virtualTokens.SingleOrDefault(),
                AddsResidual = parts.Exists(part => part.Architecture is HubBottleneck && HubPlacement.Of(part.Config).AddsResidual),
            };
        }
        catch
        {
            head?.Dispose();
            file.Dispose();
            throw;
        }
    }

    private static IHubArchitecture Find(ConfigValues config)
    {
        var architecture = config.Text("architecture");
        return s_architectures.FirstOrDefault(candidate => candidate.Architecture == (architecture ?? "bottleneck")) ?? throw StoreErrors.Unservable(
            "unknown_architecture", $"Adapters of architecture '{AdapterNames.Shorten(architecture ?? "bottleneck")}' are not served.");
    }
}
