using AdapterServe.AdapterStore.Formats.Peft;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>A parameter of the base by its full name: a module's path and <c>.weight</c> or <c>.bias</c>.</summary>
internal readonly record struct BaseParameter(Site Site, bool IsBias)
{
    private const string Weight = ".weight";
    private const string Bias = ".bias";

    public bool IsVector => IsBias || Site.Kind == SiteKind.Norm;

    public int Rows => IsVector ? Site.OutFeatures : Site.WeightRows;

    /// <summary>1 for a vector.</summary>
    public int Columns => IsVector ? 1 : Site.WeightColumns;

    /// <summary><b>Errors</b>: Unservable <c>unknown_module</c>.</summary>
    public static BaseParameter Find(string name, BaseModel baseModel)
    {
        var isBias = name.EndsWith(Bias, StringComparison.Ordinal);
        var isKnown = isBias || name.EndsWith(Weight, StringComparison.Ordinal);
        var site = isKnown ? baseModel.FindSite(name[..^(isBias ? Bias : Weight).Length]) : null;
        return site is not null && site.Kind != SiteKind.Sublayer && (!isBias || LoraBiases.Has(site, baseModel))
            ? new BaseParameter(site, isBias)
            : throw StoreErrors.Unservable("unknown_module", $"The file changes the parameter '{AdapterNames.Shorten(name)}', which the base model {baseModel.Id} does not have.");
    }

    public bool HasShape(ReadOnlySpan<long> shape) => IsVector ? shape is [var length] && length == Rows : shape is [var rows, var columns] && rows == Rows && columns == Columns;

    /// <summary><b>Errors</b>: Unservable <c>shape_mismatch</c>.</summary>
    public SafetensorsTensor RequireShape(SafetensorsTensor tensor) => HasShape(tensor.Shape.AsSpan()) ? tensor : throw ShapeMismatch(tensor.Shape.AsSpan());

    public AdapterStoreException ShapeMismatch(ReadOnlySpan<long> shape) => StoreErrors.Unservable(
        "shape_mismatch",
        $"The file has shape [{string.Join(", ", shape.ToArray())}] for the {(IsBias ? "bias" : "weight")} of '{Site.Path}'; "
        + $"on this base it must be [{(IsVector ? $"{Rows}" : $"{Rows}, {Columns}")}].");
}
