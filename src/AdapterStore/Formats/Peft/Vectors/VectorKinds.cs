using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Peft.Vectors;

/// <summary>IA3: feed-forward modules scale their input, others their output, the base's bias included. <b>Source</b>: arXiv:2205.05638, PEFT's file format.</summary>
internal sealed class Ia3 : IPeftVectorKind
{
    public string PeftType => "IA3";

    public string Kind => "ia3";

    public string Forms => "input_scale, output_scale";

    public string Note => "inputs where the file's shape is [1, in], outputs elsewhere";

    public IReadOnlyList<string> Suffixes => [".ia3_l"];

    public IReadOnlyList<string> Options => ["feedforward_modules", "fan_in_fan_out", "init_ia3_weights"];

    public bool ActsOn(SiteKind kind) => kind is SiteKind.Linear or SiteKind.Head;

    /// <summary>The file's shapes say which of the two a module is: [1, in] or [out, 1].</summary>
    public SiteTensors Place(Site site, IReadOnlyList<SafetensorsTensor> tensors) => tensors[0].HasShape(1, site.InFeatures)
        ? new VectorTensors(site, FormKind.InputScale, tensors[0])
        : new VectorTensors(site, FormKind.OutputScale, TensorShape.Require(tensors[0], site.OutFeatures, 1));
}

/// <summary>BEFT: a bias behind a linear. <b>Source</b>: PEFT's file format.</summary>
internal sealed class Beft : IPeftVectorKind
{
    public string PeftType => "BEFT";

    public string Kind => "beft";

    public string Forms => "output_bias";

    public IReadOnlyList<string> Suffixes => [".beft_bias"];

    public IReadOnlyList<string> Options => ["init_weights", "fan_in_fan_out"];

    public bool ActsOn(SiteKind kind) => kind is SiteKind.Linear or SiteKind.Head;

    public SiteTensors Place(Site site, IReadOnlyList<SafetensorsTensor> tensors) =>
        new VectorTensors(site, FormKind.OutputBias, TensorShape.Require(tensors[0], 1, site.OutFeatures));
}

/// <summary>LN tuning: a norm's weight of the adapter's own. The norm is computed again from its input, since the base's weight may be zero somewhere. <b>Source</b>: PEFT's file format.</summary>
internal sealed class LnTuning : IPeftVectorKind
{
    public string PeftType => "LN_TUNING";

    public string Kind => "ln_tuning";

    public string Forms => "rms_norm";

    public string Note => "the norm is computed again from its input";

    public IReadOnlyList<string> Suffixes => [".ln_tuning_layers.weight"];

    public IReadOnlyList<string> Options => [];

    public bool ActsOn(SiteKind kind) => kind == SiteKind.Norm;

    public SiteTensors Place(Site site, IReadOnlyList<SafetensorsTensor> tensors) => new NormTensors(site, TensorShape.Require(tensors[0], site.OutFeatures));
}

/// <summary>SHiRA: a sparse change of a linear's weight; the indices are read, never drawn again. <b>Source</b>: arXiv:2406.13175, PEFT's file format.</summary>
internal sealed class Shira : IPeftVectorKind
{
    public string PeftType => "SHIRA";

    public string Kind => "shira";

    public string Forms => "sparse";

    public string Note => "the indices are read from the file";

    public IReadOnlyList<string> Suffixes => [".shira_weight", ".shira_indices"];

    public IReadOnlyList<string> Options => ["r", "mask_type", "random_seed", "init_weights", "fan_in_fan_out"];

    public bool ActsOn(SiteKind kind) => kind == SiteKind.Linear;

    public SiteTensors Place(Site site, IReadOnlyList<SafetensorsTensor> tensors)
    {
        var count = tensors[0].Elements;
        if (count > (long)site.InFeatures * site.OutFeatures)
        {
            throw StoreErrors.Unservable("index_range", $"The tensor '{AdapterNames.Shorten(tensors[0].Name)}' has more elements than the matrix that it changes.");
        }

        return new SparseTensors(site, TensorShape.Require(tensors[0], count), TensorShape.Require(tensors[1], 2, count));
    }
}
