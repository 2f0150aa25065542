using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Composition.Blocks;

/// <summary>A composition of adapters as the adapters library means it: what stands where in a tree.</summary>
public abstract record AdapterBlock
{
    /// <summary>All adapters of the tree, the first one first; a fusion's attention behind its children.</summary>
    internal abstract IEnumerable<SingleBlock> Leaves { get; }

    /// <summary>The tree in one line, each adapter by its weights.</summary>
    internal abstract string Describe();

    /// <summary>Equal for equal weights.</summary>
    internal string Digest() => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("block " + Describe())));

    private protected static string Join(IEnumerable<AdapterBlock> blocks) => string.Join(' ', blocks.Select(block => block.Describe()));
}

/// <summary>One adapter.</summary>
/// <param name="Name">As the request wrote it, for messages.</param>
/// <param name="Version">What it means.</param>
public sealed record SingleBlock(string Name, AdapterVersion Version) : AdapterBlock
{
    internal override IEnumerable<SingleBlock> Leaves => [this];

    internal override string Describe() => Version.WeightsDigest;
}

/// <summary>One after the other: a bottleneck reads what the one before it made of the layer's output.</summary>
public sealed record StackBlock(ImmutableArray<AdapterBlock> Children) : AdapterBlock
{
    internal override IEnumerable<SingleBlock> Leaves => Children.SelectMany(child => child.Leaves);

    internal override string Describe() => $"stack({Join(Children)})";
}

/// <summary>The outputs' weighted mean as the library computes it: (1 / n) Σ w_i h_i, the residual counted in each h_i.</summary>
/// <param name="Children">Two or more.</param>
/// <param name="Weights">One for each child, in the library normalised to a sum of 1.</param>
public sealed record AverageBlock(ImmutableArray<SingleBlock> Children, ImmutableArray<double> Weights) : AdapterBlock
{
    internal override IEnumerable<SingleBlock> Leaves => Children;

    internal override string Describe() => string.Create(CultureInfo.InvariantCulture, $"average({Join(Children)}; {string.Join(' ', Weights.Select(weight => weight.ToString("R", CultureInfo.InvariantCulture)))})");
}

/// <summary>Bottlenecks mixed for each token by a trained attention.</summary>
/// <param name="Children">In the order in which the attention was trained.</param>
/// <param name="Attention">The fusion's own adapter.</param>
public sealed record FuseBlock(ImmutableArray<SingleBlock> Children, SingleBlock Attention) : AdapterBlock
{
    internal override IEnumerable<SingleBlock> Leaves => [.. Children, Attention];

    internal override string Describe() => $"fuse({Join(Children)}; {Attention.Describe()})";
}

/// <summary>One of several adapters that serve spans of a prompt: its own bottlenecks, and at the sequence's ends those of the first.</summary>
/// <param name="Children">Of all spans.</param>
/// <param name="Index">Whose span this is.</param>
public sealed record SplitBlock(ImmutableArray<SingleBlock> Children, int Index) : AdapterBlock
{
    internal override IEnumerable<SingleBlock> Leaves => Children;

    internal override string Describe() => string.Create(CultureInfo.InvariantCulture, $"split({Join(Children)}; {Index})");
}
