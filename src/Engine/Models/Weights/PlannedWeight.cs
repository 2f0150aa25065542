using System.Collections.Immutable;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Models.Weights;

/// <summary>An initializer and where its bytes come from: mapped where they lie, written into the import once, or those of another one.</summary>
internal sealed record PlannedWeight
{
    private PlannedWeight(
        string name, ElementType type, ImmutableArray<long> shape, FilePlace? mapped = null, IWeightSource? source = null, PlannedWeight? viewed = null) =>
        (Name, Type, Shape, MappedPlace, Source, Viewed) = (name, type, shape, mapped, source, viewed);

    /// <summary>The initializer's name.</summary>
    public string Name { get; }

    public ElementType Type { get; }

    /// <summary>Sizes, outermost first.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>Where the model folder has the bytes as they are; null for what is written.</summary>
    public FilePlace? MappedPlace { get; }

    /// <summary>What writes the bytes; null for what is not written.</summary>
    public IWeightSource? Source { get; }

    /// <summary>The initializer, planned before, whose bytes these are too; null for all others.</summary>
    public PlannedWeight? Viewed { get; }

    public long Bytes => TensorSize.Bytes(Type, Shape.AsSpan());

    public static PlannedWeight Mapped(string name, ElementType type, ImmutableArray<long> shape, FilePlace place) =>
        new(name, type, shape, mapped: place);

    public static PlannedWeight Written(string name, ElementType type, ImmutableArray<long> shape, IWeightSource source) =>
        new(name, type, shape, source: source);

    /// <summary>The same elements in another shape.</summary>
    public static PlannedWeight View(string name, ImmutableArray<long> shape, PlannedWeight viewed) =>
        new(name, viewed.Type, shape, viewed.MappedPlace, viewed: viewed);
}
