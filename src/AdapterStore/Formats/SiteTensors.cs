using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>What one form is made of at one site.</summary>
internal abstract record SiteTensors(Site Site, FormKind Form)
{
    public abstract IEnumerable<SafetensorsTensor> Tensors { get; }

    /// <summary>What is packed: this one, or of a group its members.</summary>
    public virtual IEnumerable<SiteTensors> Forms => [this];

    /// <summary>The inner width, where the form has one.</summary>
    public virtual int? InnerRank => null;

    /// <summary>Elements of the largest matrix that lowering handles in one piece.</summary>
    public virtual long LargestElements => Tensors.Select(tensor => tensor.Elements).DefaultIfEmpty().Max();

    /// <summary>At least so much memory do the lowered weights take.</summary>
    public virtual long LoweredBytes => Tensors.Sum(tensor => tensor.Bytes);
}

/// <summary>
/// y += Scale B (A x), or as <see cref="FormKind.OutputLowRank"/> y += Scale B (A y). <b>Shapes</b>: A [Rank, in], or [Rank, out] where it reads y; B [out, Rank].
/// </summary>
internal sealed record LowRankTensors(
    Site Site, SafetensorsTensor A, SafetensorsTensor B, int Rank, float Scale, FormKind Form = FormKind.LowRank, RankGate Gate = default) : SiteTensors(Site, Form)
{
    public override IEnumerable<SafetensorsTensor> Tensors => [A, B];

    public override int? InnerRank => Rank;
}

/// <summary>y = W x or y += W x. <b>Shapes</b>: W [out, in].</summary>
internal sealed record DenseTensors(Site Site, SafetensorsTensor W, DenseMode Mode) : SiteTensors(Site, FormKind.Dense)
{
    public override IEnumerable<SafetensorsTensor> Tensors => [W];
}

/// <summary>Several forms at one site, from readers that place one module at a time; taken apart by <see cref="SiteTensors.Forms"/> before anything is packed.</summary>
internal sealed record GroupedTensors(Site Site, ImmutableArray<SiteTensors> Members) : SiteTensors(Site, Members[0].Form)
{
    public override IEnumerable<SiteTensors> Forms => Members;

    public override IEnumerable<SafetensorsTensor> Tensors => Members.SelectMany(member => member.Tensors);
}
