using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>
/// A structured pruning adapter on the whole base: y[out] = (W[out, in] + cols rows) x[in] + bias for the inputs and outputs that its masks keep, other outputs are 0.
/// <b>Semantics</b>: lowered to x = in x, y += cols rows x, y = out y, y += bias - out b, which takes the base's bias b away again: a zero in x adds nothing to a sum,
/// and a product with 1 or 0 is exact.
/// <b>Shapes</b>: rows [1, r, kept in], cols [1, kept out, r], bias [kept out], in_mask [in] and out_mask [out] of 0 and 1. <b>Source</b>: arXiv:2211.10155.
/// </summary>
internal sealed class SpLoraReader : IAdapterReader
{
    private const string Type = "splora";
    private const string Weights = "adapter_model.safetensors";

    private static readonly ImmutableArray<string> s_parts = ["rows", "cols", "bias", "in_mask", "out_mask"];

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact(Type, $"`adapter_type: {Type}`", "input_scale, low_rank, output_scale, output_bias", "pruned inputs and outputs count as zero")];

    public bool Recognises(AdapterFolder folder) => Container.TypeOf(folder) == Type;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var config = new ConfigValues(folder.Config!.Value);
        Container.RequireKnown(config, ["rank", "kept_channels"]);
        var rank = PeftAdapter.RequireRank("rank", config.RequiredInt("rank"));
        var file = SafetensorsFile.Open(Container.Require(folder, Weights));
        try
        {
            var modules = ContainerModules.Of(file.Tensors.Values, string.Empty, s_parts, baseModel);
            return new AdapterTensors(Type, file, [.. modules.Values.SelectMany(module => Place(module, file, rank))]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static List<SiteTensors> Place(PeftModule module, ITensorSource file, int rank)
    {
        var site = module.Site;
        var (inputs, outputs) = (Kept(file, module.BytePart("in_mask", site.InFeatures)), Kept(file, module.BytePart("out_mask", site.OutFeatures)));
        var (rows, cols) = (module.Part("rows", 1, rank, inputs.Length), module.Part("cols", 1, outputs.Length, rank));
        var bias = module.Part("bias", outputs.Length);
        var forms = new List<SiteTensors>();
        if (inputs.Length < site.InFeatures)
        {
            forms.Add(new MadeVectorTensors(site, FormKind.InputScale, [], _ => Mask(inputs, site.InFeatures)));
        }

        forms.Add(new MadeLowRankTensors(site, [rows, cols], rank, values => Spread(values.Read(rows), values.Read(cols), inputs, outputs, site, rank)));
        if (outputs.Length < site.OutFeatures)
        {
            forms.Add(new MadeVectorTensors(site, FormKind.OutputScale, [], _ => Mask(outputs, site.OutFeatures)));
        }

        forms.Add(new MadeVectorTensors(site, FormKind.OutputBias, [bias], values => Bias(values.Read(bias), values.BaseBias(site), outputs)));
        return forms;
    }

    /// <summary>The places of a mask's ones.</summary>
    private static int[] Kept(ITensorSource file, SafetensorsTensor mask)
    {
        var kept = new List<int>();
        var bytes = file.Bytes(mask);
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] > 1)
            {
                throw StoreErrors.Unservable("mask", $"The tensor '{mask.Name}' holds {bytes[i]}; a mask is made of 0 and 1.");
            }

            if (bytes[i] == 1)
            {
                kept.Add(i);
            }
        }

        return [.. kept];
    }

    private static double[] Mask(int[] kept, int width)
    {
        var mask = new double[width];
        foreach (var place in kept)
        {
            mask[place] = 1;
        }

        return mask;
    }

    /// <summary>The factors on the inputs and outputs of the whole module.</summary>
    private static Factors Spread(double[] rows, double[] cols, int[] inputs, int[] outputs, Site site, int rank)
    {
        var (left, right) = (new double[site.OutFeatures * rank], new double[rank * site.InFeatures]);
        for (var i = 0; i < cols.Length; i++)
        {
            left[(outputs[i / rank] * rank) + (i % rank)] = cols[i];
        }

        for (var i = 0; i < rows.Length; i++)
        {
            right[(i / inputs.Length * site.InFeatures) + inputs[i % inputs.Length]] = rows[i];
        }

        return new Factors(left, right);
    }

    private static double[] Bias(double[] own, float[] bases, int[] outputs)
    {
        var bias = new double[bases.Length];
        for (var i = 0; i < outputs.Length; i++)
        {
            bias[outputs[i]] = own[i] - bases[outputs[i]];
        }

        return bias;
    }
}
