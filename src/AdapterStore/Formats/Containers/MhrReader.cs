using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Formats.TorchPickle;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>
/// Multi-head routing as mttl's training saves it: a checkpoint whose <c>state_dict</c> has skills and each task's routing.
/// <b>Semantics</b>: for each task a LoRA of scale alpha / r, see <see cref="SkillMixture"/>.
/// </summary>
internal sealed class MhrReader : IAdapterReader
{
    public const string Type = "mhr";
    public const string File = "mhr.ckpt";

    /// <summary>What mttl's modules are named by in a checkpoint; beside the state there may be an optimiser's, which nobody needs.</summary>
    private const string State = "state_dict/";
    private const string Prefix = State + "model.";
    private const string A = "lora_a";
    private const string B = "lora_b";
    private const string Logits = "selector.module_logits";

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact(Type, $"`adapter_type: {Type}`", "low_rank, dense", "`mhr.ckpt`; one for each task")];

    public bool Recognises(AdapterFolder folder) => Container.TypeOf(folder) == Type;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var config = new ConfigValues(folder.Config!.Value);
        var tasks = FileTasks.Named("tasks", config.Texts("tasks"));
        var file = TorchPickleFile.Open(Container.Require(folder, File));
        try
        {
            return new AdapterTensors(Type, file, Place(config, file, tasks.Length, folder.Task, baseModel)) { Tasks = tasks };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <param name="config">Of the adapter that has the skills.</param>
    /// <param name="file">Skills and routing.</param>
    /// <param name="tasks">Rows of the routing.</param>
    /// <param name="task">The row that is wanted.</param>
    /// <param name="baseModel">The base.</param>
    public static ImmutableArray<SiteTensors> Place(ConfigValues config, ITensorSource file, int tasks, int task, BaseModel baseModel)
    {
        Container.RequireKnown(config, ["lora_rank", "lora_alpha", "n_skills", "n_splits", "tasks", "target_modules"]);
        var rank = PeftAdapter.RequireRank("lora_rank", config.RequiredInt("lora_rank"));
        var mixture = new SkillMixture(config.RequiredInt("n_splits"), config.RequiredInt("n_skills"), rank, config.RequiredNumber("lora_alpha") / rank);
        var modules = ContainerModules.Of(file.Tensors.Values.Where(tensor => tensor.Name.StartsWith(State, StringComparison.Ordinal)), Prefix, [A, B, Logits], baseModel);
        ContainerModules.RequireTargets(config, modules);
        return [.. modules.Values.Select(module => Place(module, mixture, tasks, task))];
    }

    private static SiteTensors Place(PeftModule module, SkillMixture mixture, int tasks, int task)
    {
        var site = module.Site;
        if (!mixture.Fits(site))
        {
            throw Container.OutOfRange("n_splits");
        }

        var (a, b) = (module.Part(A, mixture.ShapeOfA(site)), module.Part(B, mixture.ShapeOfB(site)));
        return mixture.Place(site, a, b, module.Part(Logits, tasks, (long)mixture.Heads * mixture.Skills), task);
    }
}
