using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: for each task a LoRA of scale 1 / r, mixed from skills, see <see cref="SkillMixture"/>. <b>Source</b>: PEFT, tuners/poly.
/// </summary>
internal sealed class Poly : IPeftMethod
{
    private const string Logits = "poly_router.module_logits";
    private const string Router = "poly";

    public string Type => "POLY";

    public string Forms => "low_rank, dense";

    public string Note => "one for each task";

    public ImmutableArray<string> Options => ["r", "n_tasks", "n_skills", "n_splits", "poly_type", "init_weights"];

    public ImmutableArray<string> Parts => ["poly_lora_A", "poly_lora_B", Logits];

    public ImmutableArray<string> TasksOf(ConfigValues config) => FileTasks.Numbered("n_tasks", config.RequiredInt("n_tasks"));

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        if (adapter.Config.Text("poly_type") is { } type && type != Router)
        {
            throw PeftAdapter.OutOfRange("poly_type");
        }

        var rank = adapter.Rank();
        var mixture = new SkillMixture(adapter.Positive("n_splits"), adapter.Positive("n_skills"), rank, 1.0 / rank);
        var tasks = adapter.Positive("n_tasks");
        return module =>
        {
            var site = module.Site;
            if (!mixture.Fits(site))
            {
                throw PeftAdapter.OutOfRange("n_splits");
            }

            var (a, b) = (module.Part("poly_lora_A", mixture.ShapeOfA(site)), module.Part("poly_lora_B", mixture.ShapeOfB(site)));
            return mixture.Place(site, a, b, module.Part(Logits, tasks, (long)mixture.Heads * mixture.Skills), adapter.Task);
        };
    }
}
