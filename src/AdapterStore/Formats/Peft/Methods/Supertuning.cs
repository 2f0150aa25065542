using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += S x, S[i / H, i mod H] += v for each index i, and with <c>r</c> y += alpha / r B (A x) beside it.
/// <b>Shapes</b>: indices and values [n], A [R, H], B [O, R]. <b>Source</b>: PEFT, tuners/supertuning.
/// </summary>
internal sealed class Supertuning : IPeftMethod
{
    private const string Indices = "supertuning_indices";
    private const string Values = "supertuning_values";
    private const string A = "supertuning_lora_A.weight";
    private const string B = "supertuning_lora_B.weight";

    public string Type => "SUPERTUNING";

    public string Forms => "sparse, low_rank, dense";

    public string Note => "needs `save_precomputed_indices=True`";

    public ImmutableArray<string> Options => ["sparsity", "select_top", "r", "lora_alpha", "lora_dropout", "save_precomputed_indices", "init_weights"];

    public ImmutableArray<string> Parts => [Indices, Values, A, B];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var rank = adapter.Config.Find("r") is null ? 0 : adapter.Rank();
        var scale = rank == 0 ? 0 : adapter.Config.NumberOr("lora_alpha", 2.0 * rank) / rank;
        return module => rank == 0 ? Sparse(module) : new GroupedTensors(module.Site, [LowRank(module, rank, scale), Sparse(module)]);
    }

    private static MadeSparseTensors Sparse(PeftModule module)
    {
        var site = module.Site;
        if (!module.Has(Indices))
        {
            throw StoreErrors.Unservable("missing_tensors", "The file lacks the indices, of which equal weights of the base leave the order open; save the adapter with save_precomputed_indices=True.");
        }

        var values = module.Part(Values, -1);
        var indices = module.IndexPart(Indices, values.Elements);
        if (values.Elements > (long)site.InFeatures * site.OutFeatures)
        {
            throw PeftAdapter.OutOfRange("sparsity");
        }

        return new MadeSparseTensors(site, [values, indices], values.Elements, read =>
        {
            var places = read.ReadIndices(indices, checked(site.InFeatures * site.OutFeatures));
            return new SparseElements(Array.ConvertAll(places, place => place / site.InFeatures), Array.ConvertAll(places, place => place % site.InFeatures), read.Read(values));
        });
    }

    private static SiteTensors LowRank(PeftModule module, int rank, double scale)
    {
        var site = module.Site;
        var (a, b) = (module.Part(A, rank, site.InFeatures), module.Part(B, site.OutFeatures, rank));
        return MadeTensors.Smaller(site, [a, b], rank, values => new Factors(Array.ConvertAll(values.Read(b), value => scale * value), values.Read(a)));
    }
}
