using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += B (M (A x)), M = Σ v[i] P[i]; modules in the model's order are dealt to groups that share one v.
/// <b>Shapes</b>: A [R, H], B [O, R], P [u, R, R], v [u]. <b>Source</b>: PEFT, tuners/tinylora.
/// </summary>
internal sealed class TinyLora : IPeftMethod
{
    private const string Cure = "save the adapter with save_projection=True";

    public string Type => "TINYLORA";

    public string Forms => "low_rank";

    public string Note => "needs `save_projection=True`";

    public ImmutableArray<string> Options =>
        ["r", "u", "weight_tying", "projection_seed", "save_projection", "tinylora_dropout", "init_v_bound", "init_weights"];

    public ImmutableArray<string> Parts => ["tinylora_A", "tinylora_B", "tinylora_P"];

    public ImmutableArray<string> Shared => ["tinylora_v"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var (rank, width) = (adapter.Rank(), adapter.Positive("u"));
        var tying = adapter.Config.NumberOr("weight_tying", 0);
        if (tying is < 0 or > 1)
        {
            throw PeftAdapter.OutOfRange("weight_tying");
        }

        var modules = adapter.Sites.Length;
        var groups = Math.Max(1, (int)Math.Round(modules * (1 - tying)));
        var groupSize = Math.Max(1, modules / groups);
        var next = 0;
        return module =>
        {
            var group = Math.Min(next++ / groupSize, groups - 1);
            return Lower(module, rank, width, adapter.Shared($"tinylora_v.{group}", Cure, width));
        };
    }

    private static SiteTensors Lower(PeftModule module, int rank, int width, SafetensorsTensor v)
    {
        var site = module.Site;
        var (a, b) = (module.Part("tinylora_A", rank, site.InFeatures), module.Part("tinylora_B", site.OutFeatures, rank));
        var p = module.Part("tinylora_P", width, rank, rank);
        return MadeTensors.Smaller(site, [a, b, p, v], rank, values =>
        {
            var middle = DoubleMatrix.Multiply(values.ReadShared(v), values.Read(p), 1, width, rank * rank);
            return new Factors(DoubleMatrix.Multiply(values.Read(b), middle, site.OutFeatures, rank, rank), values.Read(a));
        });
    }
}
