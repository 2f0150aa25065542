using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>
/// The head that save_adapter writes beside an adapter: a static model's own output layer, or a head of type <c>causal_lm</c>.
/// A copy of the base's is left out, another one replaces the base's for this adapter.
/// <b>Errors</b>: Unservable <c>head</c> for heads that give no next token's logits.
/// </summary>
internal static class HubHead
{
    /// <summary>What the head does; empty for a copy of the base's.</summary>
    public static IReadOnlyList<SiteTensors> Read(AdapterFolder folder, ITensorSource file, BaseModel baseModel)
    {
        var site = baseModel.Sites.First(site => site.Kind == SiteKind.Head);
        using var document = folder.Files.Has(HubFiles.HeadConfig) ? StrictJson.ReadObject(folder.Files.PathOf(HubFiles.HeadConfig), HubFiles.HeadConfig) : null;
        var (name, hasBias) = document is null ? (site.Path, false) : Layer(new ConfigValues(document.RootElement), site, baseModel);
        var tensors = HubTensors.OfHead(file);
        var weight = tensors.Take(name + ".weight", site.OutFeatures, site.InFeatures);
        var bias = hasBias ? tensors.Take(name + ".bias", site.OutFeatures) : null;
        tensors.RequireNoneLeft();

        var forms = new List<SiteTensors>();
        if (!IsCopy(file, weight, site, baseModel))
        {
            forms.Add(new DenseTensors(site, weight, DenseMode.Replace));
        }

        if (bias is not null)
        {
            forms.Add(new VectorTensors(site, FormKind.OutputBias, bias));
        }

        return forms;
    }

    /// <summary>The output layer's name in the file, and whether it has a bias.</summary>
    private static (string Name, bool HasBias) Layer(ConfigValues root, Site site, BaseModel baseModel)
    {
        var modelClass = root.Text("model_class") ?? string.Empty;
        if (root.Find("config") is null)
        {
            return modelClass.Length == 0 || modelClass.EndsWith("ForCausalLM", StringComparison.Ordinal)
                ? (site.Path, false)
                : throw Refused($"The head was saved from '{AdapterNames.Shorten(modelClass)}'");
        }

        var config = root.Object("config");
        if (config.Text("head_type") != "causal_lm")
        {
            throw Refused($"The head is of type '{AdapterNames.Shorten(config.Text("head_type") ?? "none")}'");
        }

        if (config.IntOr("layers", 1) != 1 || config.IntOr("embedding_size", site.InFeatures) != site.InFeatures || config.IntOr("vocab_size", site.OutFeatures) != site.OutFeatures)
        {
            throw Refused($"The head has layers of its own or other sizes than that of the base {baseModel.Id}");
        }

        return ($"heads.{root.Text("name")}.0", config.Flag("bias"));
    }

    private static bool IsCopy(ITensorSource file, SafetensorsTensor weight, Site site, BaseModel baseModel)
    {
        if (baseModel.Weights is null)
        {
            return false;
        }

        var own = new float[weight.Elements];
        file.CopyToF32(weight, own);
        var ofBase = new float[own.Length];
        baseModel.Weights.Read(site, ofBase);
        return own.AsSpan().SequenceEqual(ofBase);
    }

    private static AdapterStoreException Refused(string what) =>
        StoreErrors.Unservable("head", $"{what}; with an adapter only a causal language model's output layer is served. Save the adapter with with_head=False.");
}
