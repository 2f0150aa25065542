using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// VeRA whose inner values are means and variances; inference takes the means.
/// <b>Semantics</b>: y += b ∘ (B (d ∘ (A x))[0, R)). <b>Shapes</b>: A [2R, ≥ H], B [≥ O, R], d [2R], b [O]. <b>Source</b>: PEFT, tuners/pvera.
/// </summary>
internal sealed class Pvera : IPeftMethod
{
    private const string Cure = "save the adapter with save_projection=True";

    public string Type => "PVERA";

    public string Forms => "low_rank";

    public string Note => "its means; needs `save_projection=True`, not with `sample_at_inference`";

    public ImmutableArray<string> Options => ["r", "d_initial", "projection_prng_key", "save_projection", "pvera_dropout", "init_weights", "sample_at_inference"];

    public ImmutableArray<string> Parts => ["pvera_lambda_b", "pvera_lambda_d"];

    public ImmutableArray<string> Shared => ["pvera_A", "pvera_B"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        if (adapter.Config.Flag("sample_at_inference"))
        {
            throw StoreErrors.Unservable("sampling", "The adapter draws its values anew at every step; save it with sample_at_inference=False.");
        }

        var rank = adapter.Rank();
        var a = adapter.Shared("pvera_A", Cure, 2 * rank, -1);
        var b = adapter.Shared("pvera_B", Cure, -1, rank);
        return module => SharedProjection.Lower(
            module.Site, new(rank, a, b, module.Part("pvera_lambda_d", 2 * rank), module.Part("pvera_lambda_b", module.Site.OutFeatures)));
    }
}
