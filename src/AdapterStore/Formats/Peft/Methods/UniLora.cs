using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += B (A x), both gathered from one vector θ: A = θ[i_A] ∘ s_A, B = θ[i_B] ∘ s_B.
/// <b>Shapes</b>: θ [d]; i_A, s_A [R, H]; i_B, s_B [O, R]. <b>Source</b>: PEFT, tuners/unilora.
/// </summary>
internal sealed class UniLora : IPeftMethod
{
    public string Type => "UNILORA";

    public string Forms => "low_rank";

    public string Note => "needs `save_indices=True`";

    public ImmutableArray<string> Options => ["r", "theta_d_length", "proj_seed", "save_indices", "unilora_dropout", "init_theta_d_bound", "init_weights"];

    public ImmutableArray<string> Parts => ["unilora_indices_A", "unilora_indices_B", "unilora_scales_A", "unilora_scales_B"];

    public ImmutableArray<string> Shared => ["unilora_theta_d"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        if (!adapter.Config.Flag("save_indices"))
        {
            throw StoreErrors.Unservable("missing_tensors", "The file lacks the indices, which training drew; save the adapter with save_indices=True.");
        }

        var (rank, length) = (adapter.Rank(), adapter.Positive("theta_d_length"));
        var theta = adapter.Shared("unilora_theta_d", "save the adapter with PEFT's save_pretrained", length);
        return module => Lower(module, rank, theta);
    }

    private static SiteTensors Lower(PeftModule module, int rank, SafetensorsTensor theta)
    {
        var site = module.Site;
        var (indicesA, scalesA) = (module.IndexPart("unilora_indices_A", rank, site.InFeatures), module.Part("unilora_scales_A", rank, site.InFeatures));
        var (indicesB, scalesB) = (module.IndexPart("unilora_indices_B", site.OutFeatures, rank), module.Part("unilora_scales_B", site.OutFeatures, rank));
        return MadeTensors.Smaller(site, [indicesA, scalesA, indicesB, scalesB, theta], rank, values =>
            new Factors(Gather(values, theta, indicesB, scalesB), Gather(values, theta, indicesA, scalesA)));
    }

    private static double[] Gather(TensorValues values, SafetensorsTensor theta, SafetensorsTensor indices, SafetensorsTensor scales)
    {
        var source = values.ReadShared(theta);
        var gathered = values.Read(scales);
        var places = values.ReadIndices(indices, source.Length);
        for (var i = 0; i < gathered.Length; i++)
        {
            gathered[i] *= source[places[i]];
        }

        return gathered;
    }
}
