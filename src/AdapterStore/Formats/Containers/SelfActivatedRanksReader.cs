using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>
/// MoRA's ranks that switch themselves on, for each token on its own: y += B (w (A x)), w as <see cref="RankGate"/> says from <c>tau</c>, <c>top_k</c> and
/// <c>delta</c>. <c>task_ranks</c> only records which ranks came from which task.
/// <b>Shapes</b>: lora_A.weight [R, in], lora_B.weight [out, R]. <b>Source</b>: arXiv:2506.21035.
/// </summary>
internal sealed class SelfActivatedRanksReader : IAdapterReader
{
    private const string Type = "mora-self-activated";
    private const string Weights = "adapter_model.safetensors";
    private const string A = "lora_A.weight";
    private const string B = "lora_B.weight";

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact(Type, $"`adapter_type: {Type}`", "low_rank", "ranks behind a gate of their own, chosen for each token")];

    public bool Recognises(AdapterFolder folder) => Container.TypeOf(folder) == Type;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var config = new ConfigValues(folder.Config!.Value);
        Container.RequireKnown(config, ["rank", "tau", "top_k", "delta", "task_ranks", "target_modules"]);
        var rank = PeftAdapter.RequireRank("rank", config.RequiredInt("rank"));
        var gate = GateOf(config, rank);
        var file = SafetensorsFile.Open(Container.Require(folder, Weights));
        try
        {
            var modules = ContainerModules.Of(file.Tensors.Values, string.Empty, [A, B], baseModel);
            ContainerModules.RequireTargets(config, modules);
            return new AdapterTensors(Type, file, [.. modules.Values.Select(module => Place(module, rank, gate))]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static RankGate GateOf(ConfigValues config, int rank)
    {
        if (rank > RankGate.MaxRank)
        {
            throw Container.OutOfRange("rank");
        }

        var gate = new RankGate((float)config.RequiredNumber("tau"), config.RequiredInt("top_k"), (float)config.RequiredNumber("delta"));
        return gate.Temperature is not (> 0 and <= float.MaxValue) ? throw Container.OutOfRange("tau")
            : gate.Kept < 1 || gate.Kept > rank ? throw Container.OutOfRange("top_k")
            : float.IsFinite(gate.Threshold) ? gate
            : throw Container.OutOfRange("delta");
    }

    private static LowRankTensors Place(PeftModule module, int rank, RankGate gate) =>
        new(module.Site, module.Part(A, rank, module.Site.InFeatures), module.Part(B, module.Site.OutFeatures, rank), rank, 1, Gate: gate);
}
