using System.Runtime.InteropServices;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>Nodes that multiply by a weight.</summary>
internal static class LinearNodes
{
    private const string Gate = ".mlp.gate_proj";
    private const string Up = ".mlp.up_proj";

    public static void Product(GraphScope scope, GraphNode node)
    {
        var linear = Pending(scope, node);
        if (!scope.Config.Family.FusesProjections
            || !(linear.Path.EndsWith(Gate, StringComparison.Ordinal) || linear.Path.EndsWith(Up, StringComparison.Ordinal)))
        {
            scope.Set(node.Output, linear);
            return;
        }

        var gateNode = Partner(scope, node, "/up_proj/", "/gate_proj/");
        var upNode = Partner(scope, node, "/gate_proj/", "/up_proj/");
        var (gate, up) = (gateNode == node ? linear : Pending(scope, gateNode), upNode == node ? linear : Pending(scope, upNode));
        var whole = Fuse(node, SiteGraph.ModuleWith(linear.Path) + ".gate_up_proj", gate, up);
        var parts = scope.Graph.AddFused(whole, [("gate_proj", gate.Weights.Out), ("up_proj", up.Weights.Out)]);
        scope.Begin(gateNode);
        scope.Begin(upNode);
        scope.Set(gateNode.Output, parts[0]);
        scope.Set(upNode.Output, parts[1]);
    }

    /// <summary>Queries, keys and values of one product.</summary>
    public static void Split(GraphScope scope, GraphNode node)
    {
        node.EndInputsAt(2);
        if (node.Integer("axis", 0) is not (-1 or 2) || scope.Tensor(node, 1).Integers() is not { } sizes || sizes.Length != node.Outputs.Count)
        {
            throw node.Refused("splits something else than columns");
        }

        var parts = AttentionNodes.Unpack(scope, node, [.. sizes.Select(size => (int)Math.Clamp(size, 0, int.MaxValue))]);
        for (var i = 0; i < parts.Length; i++)
        {
            scope.Set(node.Outputs[i], parts[i]);
        }
    }

    /// <summary>Several linears on one input as the one that the Hugging Face class has.</summary>
    public static PendingLinear Fuse(GraphNode node, string path, params ReadOnlySpan<PendingLinear> linears)
    {
        var (input, weights, bias) = (linears[0].Input, linears[0].Weights, linears[0].Bias);
        foreach (var next in linears[1..])
        {
            weights = next.Input == input && next.Bias.IsEmpty == bias.IsEmpty && weights.Join(next.Weights) is { } joined
                ? joined
                : throw node.Refused($"belongs to the module '{path}', whose parts don't go together");
            bias = bias.AddRange(next.Bias);
        }

        return new PendingLinear(path, input, weights, bias);
    }

    public static PendingLinear WithBias(GraphNode node, PendingLinear linear, OnnxTensor bias) =>
        bias.Type == ElementType.Float32 && bias.HasShape(linear.Weights.Out)
            ? linear with { Bias = [TensorRows.All(bias)] }
            : throw node.Refused($"adds a bias of [{string.Join(", ", bias.Shape)}] to {linear.Weights.Out} columns");

    /// <summary>
    /// Checks a weight in blocks. <b>Shapes</b>: packed data of rows · ⌈width / block⌉ · block bytes in any shape, scales and zero points
    /// accordingly.
    /// </summary>
    public static BlockLinear Blocks(
        GraphNode node,
        BlockFormat format,
        int rows,
        int width,
        OnnxTensor packed,
        OnnxTensor scales,
        OnnxTensor? zeroPoints,
        OnnxTensor? groups = null)
    {
        var (bits, blockSize) = (format.Bits, format.BlockSize);
        if (bits is not (4 or 8) || blockSize is < 16 or > (1 << 16) || !int.IsPow2(blockSize))
        {
            throw node.Refused($"has {bits} bits in blocks of {blockSize}");
        }

        long blocks = (width + blockSize - 1) / blockSize;
        var (zeroType, zeroColumns) = zeroPoints?.Type == ElementType.Float32
            ? (ElementType.Float32, blocks)
            : (ElementType.UInt8, ((blocks * bits) + 7) / 8);
        return new BlockLinear(
            width,
            format,
            [TensorRows.All(Shaped(packed, ElementType.UInt8, [rows, blocks, blockSize / 8 * bits]))],
            [TensorRows.All(Shaped(scales, ElementType.Float32, [rows, blocks]))],
            zeroPoints is null
                ? []
                : [TensorRows.All(Shaped(zeroPoints, zeroType, [rows, zeroColumns]))],
            groups is null ? null : Checked(Shaped(groups, ElementType.Int32, [width])));

        // The product's kernel looks the groups up without a check.
        OnnxTensor Checked(OnnxTensor tensor) =>
            MemoryMarshal.Cast<byte, int>(tensor.Slice(0, (int)tensor.Bytes)).IndexOfAnyExceptInRange(0, (int)blocks - 1) < 0
                ? tensor
                : throw node.Refused($"has '{tensor.Name}', which names blocks that are not there");

        OnnxTensor Shaped(OnnxTensor tensor, ElementType type, long[] shape) =>
            tensor.Type == type && tensor.Bytes == TensorSize.Bytes(type, shape)
                ? tensor with { Shape = [.. shape] }
                : throw node.Refused(
                    $"has '{tensor.Name}', a {tensor.Type} of [{string.Join(", ", tensor.Shape)}], where {type} of [{string.Join(", ", shape)}] belongs");
    }

    private static PendingLinear Pending(GraphScope scope, GraphNode node)
    {
        var input = scope.Activation(node, 0);
        var linear = node.Operator == "MatMul" ? Float(scope, node, input) : Blocks(scope, node, input);
        node.End();
        return linear;
    }

    private static PendingLinear Float(GraphScope scope, GraphNode node, Activation input)
    {
        node.EndInputsAt(2);
        var weight = scope.Tensor(node, 1);
        return weight.Type == ElementType.Float32 && weight.Shape.Length == 2 && weight.Shape[0] == input.Width
            && weight.Shape[1] is > 0 and <= int.MaxValue
            ? new PendingLinear(node.Module, input, FloatLinear.Of(weight), [])
            : throw node.Refused(
                $"has the weight '{weight.Name}', a {weight.Type} of [{string.Join(", ", weight.Shape)}], for an input with {input.Width} columns");
    }

    private static PendingLinear Blocks(GraphScope scope, GraphNode node, Activation input)
    {
        node.EndInputsAt(6);
        node.Expect("weight_prepacked", 0, fallback: 0);
        var (width, rows) = (node.Integer("K", 0), node.Integer("N", 0));
        if (width != input.Width || rows < 1)
        {
            throw node.Refused($"has K = {width} and N = {rows} for an input with {input.Width} columns");
        }

        var format = new BlockFormat(node.Integer("bits", 4), node.Integer("block_size", 0), node.Integer("accuracy_level", 0));
        var linear = new PendingLinear(
            node.Module, input, Blocks(node, format, rows, width, scope.Tensor(node, 1), scope.Tensor(node, 2), Optional(3), Optional(4)), []);
        return Optional(5) is { } bias ? WithBias(node, linear, bias) : linear;

        OnnxTensor? Optional(int index) => node.Input(index).Length > 0 ? scope.Tensor(node, index) : null;
    }

    private static GraphNode Partner(GraphScope scope, GraphNode node, string from, string to) =>
        scope.FindNode(node.Name.Replace(from, to, StringComparison.Ordinal))
            ?? throw node.Refused("has no counterpart for the other half of 'gate_up_proj'");
}
