using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += b ∘ (B (d ∘ (A x))), A and B shared by all modules, of which each takes the first columns and rows.
/// <b>Shapes</b>: A [R, ≥ H], B [≥ O, R], d [R], b [O]. <b>Source</b>: PEFT, tuners/vera.
/// </summary>
internal sealed class Vera : IPeftMethod
{
    private const string Cure = "save the adapter with save_projection=True";

    public string Type => "VERA";

    public string Forms => "low_rank";

    public string Note => "needs `save_projection=True`";

    public ImmutableArray<string> Options => ["r", "d_initial", "projection_prng_key", "save_projection", "vera_dropout", "init_weights"];

    public ImmutableArray<string> Parts => ["vera_lambda_b", "vera_lambda_d"];

    public ImmutableArray<string> Shared => ["vera_A", "vera_B"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var rank = adapter.Rank();
        var a = adapter.Shared("vera_A", Cure, rank, -1);
        var b = adapter.Shared("vera_B", Cure, -1, rank);
        return module => SharedProjection.Lower(module.Site, new(rank, a, b, module.Part("vera_lambda_d", rank), module.Part("vera_lambda_b", module.Site.OutFeatures)));
    }
}
