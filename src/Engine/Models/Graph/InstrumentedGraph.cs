using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.Graph;

/// <summary>
/// Base operators with the site operators around them.
/// <b>Semantics</b>: behind every site stands <c>SiteOutput(x, y) → y'</c> (attributes site, rows: 0 token rows, 1 logit rows), before every linear and the head
/// <c>SiteInput(x, previous) → x'</c> (attributes site, rows, reader), behind attention and feed-forward network, before their output norm and the residual sum,
/// <c>SublayerSite(y, residual, normed) → y'</c> (attribute site). Linears that read one input form a chain of SiteInputs, see <see cref="SiteInputOp"/>.
/// </summary>
internal sealed class InstrumentedGraph(
    OnnxGraphBuilder builder, IReadOnlyDictionary<string, Site> sites, float normEpsilon, BlockedProducts? blocked = null)
{
    public OnnxGraphBuilder Builder => builder;

    public int SiteIndex(string path) => sites[path].Index;

    /// <summary>The linears that read a sublayer's normed input.</summary>
    /// <param name="linears">In the order in which they run.</param>
    /// <param name="normed">What they read; afterwards what their SiteInputs made of it, from which the sublayer's site restores it.</param>
    /// <returns>The outputs of the linears and, in place of a fused one, of its parts.</returns>
    public ImmutableArray<string> AddInputLinears(ImmutableArray<Linear> linears, ref string normed)
    {
        var outputs = ImmutableArray.CreateBuilder<string>();
        string? previous = null;
        foreach (var linear in linears)
        {
            normed = AddInputSite(linear.Path, normed, previous is null ? InputReader.First : InputReader.Later, RowKind.Tokens, previous);
            previous = AddProductSite(linear, normed);
            outputs.AddRange(linear.Parts.IsEmpty ? [previous] : AddParts(linear, normed, previous));
        }

        return outputs.ToImmutable();
    }

    /// <summary>A linear whose input nobody else reads.</summary>
    public string AddLinear(Linear linear, string input) => AddProductSite(linear, AddInputSite(linear.Path, input, InputReader.Only, RowKind.Tokens));

    /// <summary>A linear whose input site stands already.</summary>
    public string AddProductSite(Linear linear, string input) =>
        AddSite(linear.Path, input, AddProduct(linear, input, linear.Weight), RowKind.Tokens);

    /// <summary>y = x Wᵀ + b, on blocks of integers or the checkpoint's weights as they are: the only place that knows how linears are computed.</summary>
    public string AddProduct(Linear linear, string input, string weight) =>
        blocked?.TryAddProduct(linear.Path, input, weight, linear.Bias) ?? builder.AddNode(
            linear.Path, "Gemm", linear.Bias is { } bias ? [input, weight, bias] : [input, weight], [("transB", linear.IsTransposed ? 0 : 1)]);

    public string AddNorm(Norm norm, string input, RowKind rows) => AddSite(norm.Path, input, AddBareNorm(norm, input), rows);

    /// <summary>A norm over the last dimension that is no site.</summary>
    public string AddBareNorm(Norm norm, string input) => norm.Kind == NormKind.Layer
        ? builder.AddNode(norm.Path, "LayerNormalization", [input, norm.Weight, norm.Bias!], [("axis", -1), ("epsilon", normEpsilon)])
        : builder.AddNode(norm.Path, "SimplifiedLayerNormalization", [input, norm.Weight], [("axis", -1), ("epsilon", normEpsilon), ("stash_type", 1)]);

    public string AddActivation(string node, Activation activation, string input) => activation switch
    {
        Activation.Silu => builder.AddNode(node, "Mul", [input, builder.AddNode(node + ".sigmoid", "Sigmoid", [input])]),
        Activation.Gelu => builder.AddNode(node, "Gelu", [input], [("approximate", "none")]),
        Activation.GeluTanh => builder.AddNode(node, "Gelu", [input], [("approximate", "tanh")]),
        Activation.QuickGelu => builder.AddNode(node, "QuickGelu", [input], [("alpha", 1.702f)], GraphNames.ContribDomain),
        Activation.Relu => builder.AddNode(node, "Relu", [input]),
        Activation.ReluSquared => AddSquare(node, builder.AddNode(node + ".relu", "Relu", [input])),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "No graph computes this activation."),
    };

    /// <summary>c · tanh(x / c).</summary>
    public string AddSoftCap(string node, string input, float cap, string output)
    {
        var limit = builder.AddConstant(node + ".cap", cap);
        var scaled = builder.AddNode(node + ".scaled", "Div", [input, limit]);
        return builder.AddNode(node, "Mul", [builder.AddNode(node + ".tanh", "Tanh", [scaled]), limit], output: output);
    }

    public string AddInputSite(string path, string input, InputReader reader, RowKind rows, string? previous = null) => builder.AddNode(
        path + ".input",
        GraphNames.SiteInput,
        previous is null ? [input] : [input, previous],
        [("site", SiteIndex(path)), ("rows", (int)rows), ("reader", (int)reader)],
        GraphNames.OpDomain);

    public string AddSublayerSite(string path, string residual, string normed, string output) =>
        builder.AddNode(path + ".site", GraphNames.SublayerSite, [output, residual, normed], [("site", SiteIndex(path))], GraphNames.OpDomain);

    public string AddSite(string path, string input, string output, RowKind rows, string? name = null) =>
        builder.AddNode(path + ".site", GraphNames.SiteOutput, [input, output], [("site", SiteIndex(path)), ("rows", (int)rows)], GraphNames.OpDomain, name);

    private ImmutableArray<string> AddParts(Linear linear, string input, string output)
    {
        var split = builder.AddSplit(linear.Path + ".parts", output, [.. linear.Parts.Select(part => (long)part.Out)]);
        return [.. linear.Parts.Zip(split, (part, rows) => part.Path is null ? rows : AddSite(part.Path, input, rows, RowKind.Tokens))];
    }

    private string AddSquare(string node, string input) => builder.AddNode(node, "Mul", [input, input]);
}
