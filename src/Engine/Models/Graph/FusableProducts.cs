using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Models.Onnx;

namespace AdapterServe.Engine.Models.Graph;

/// <summary>Takes the linears out of a graph's initializers and puts <see cref="FusableProductOp"/> in the place of their products.</summary>
internal static class FusableProducts
{
    /// <summary><b>Errors</b>: <see cref="ModelImportException"/> for a linear that is not held as f32.</summary>
    public static void Rewrite(GraphProto graph, ImmutableArray<Site> sites)
    {
        var nodes = graph.Node.ToDictionary(node => node.Name, StringComparer.Ordinal);
        foreach (var site in sites.Where(FusableBase.IsLinear))
        {
            if (nodes.GetValueOrDefault(site.Path) is not { OpType: "Gemm" } product)
            {
                throw new ModelImportException(
                    "not_fusable",
                    $"'{site.Path}' is not held as f32, so it can't hold the sum with an adapter exactly; serve the model with f32 weights, "
                    + "or without --fusable and --fused.");
            }

            Replace(graph, product, site, nodes.GetValueOrDefault(site.Path + ".biased"));
        }

        DropUnused(graph);
    }

    /// <param name="graph">The graph.</param>
    /// <param name="product">The product's node.</param>
    /// <param name="site">Its site.</param>
    /// <param name="biased">The node that adds the bias, where the product doesn't.</param>
    private static void Replace(GraphProto graph, NodeProto product, Site site, NodeProto? biased)
    {
        var input = product.Input[0];
        product.Input.Clear();
        product.Input.Add(input);
        product.Attribute.Clear();
        product.Attribute.Add(Attribute("site", site.Index));
        product.Attribute.Add(Attribute("N", site.OutFeatures));
        (product.OpType, product.Domain) = (GraphNames.FusableProduct, GraphNames.OpDomain);
        if (biased is not null)
        {
            product.Output[0] = biased.Output[0];
            graph.Node.Remove(biased);
        }
    }

    private static void DropUnused(GraphProto graph)
    {
        var used = graph.Node.SelectMany(node => node.Input).ToHashSet(StringComparer.Ordinal);
        var kept = graph.Initializer.Where(tensor => used.Contains(tensor.Name)).ToArray();
        graph.Initializer.Clear();
        graph.Initializer.Add(kept);
    }

    private static AttributeProto Attribute(string name, int value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };
}
