using System.Collections.Immutable;
using AdapterServe.Engine.CustomOps;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>GroupQueryAttention becomes attention over blocks, its projections linears of their own.</summary>
internal static class AttentionNodes
{
    private const int Query = 0;
    private const int Key = 1;
    private const int Value = 2;
    private const int Cos = 7;
    private const int Sin = 8;
    private const int Inputs = 9;
    private static readonly string[] Names = ["q_proj", "k_proj", "v_proj"];

    public static void Attention(GraphScope scope, GraphNode node)
    {
        node.EndInputsAt(Inputs);
        var config = scope.Config;
        var layer = Layer(scope, node);
        var module = node.Module.Length == 0 ? throw node.Refused("has a name that names no module") : node.Module;
        var rotates = node.Integer("do_rotary", 0) != 0;
        var projected = Projections(scope, node, module);
        var (inputs, rotation) = rotates ? (Rows(node, projected), ReadRotation(scope, node, Cos)) : Unrotated(node, projected);
        CheckWidths(scope, node, inputs);
        var attended = scope.Graph.AddAttention(module, layer, inputs, rotation, Attributes(config, node, layer));
        scope.Set(node.Outputs[0], attended);
        for (var i = 1; i < node.Outputs.Count; i++)
        {
            scope.Set(node.Outputs[i], new LayerCache(layer, HoldsValues: i == 2));
        }
    }

    /// <summary>The parts of a packed product: linears of their own, or of a class that has one linear, parts of its output.</summary>
    public static GraphValue[] Unpack(GraphScope scope, GraphNode node, int[] widths)
    {
        if (scope.Value(node, 0) is not PendingLinear packed || widths.Length != 3 || widths.Sum(width => (long)width) != packed.Weights.Out)
        {
            throw node.Refused("reads queries, keys and values from something else than their product");
        }

        if (scope.Config.Family.FusesProjections)
        {
            return scope.Graph.AddFused(packed, [.. Names.Zip(widths)]);
        }

        var module = SiteGraph.ModuleWith(packed.Path);
        var first = 0;
        return [.. Names.Zip(widths, (name, width) =>
        {
            var from = first;
            first += width;
            var bias = packed.Bias.Select(rows => rows with { First = from, Count = width }).ToImmutableArray();
            return new PendingLinear($"{module}.{name}", packed.Input, packed.Weights.Rows(from, width), bias);
        })];
    }

    /// <summary>A table of cosines and, behind it, one of sines.</summary>
    public static Rotation ReadRotation(GraphScope scope, GraphNode node, int cos)
    {
        var rotation = new Rotation(Angles(cos), Angles(cos + 1));
        if (!rotation.Cos.Fits(rotation.Sin, scope.Config.HeadSize)
            || (rotation.Cos.Long is not null && rotation.Cos.First.Shape[0] < scope.FirstContextTokens))
        {
            throw node.Refused($"has rotary tables of [{string.Join(", ", rotation.Cos.First.Shape)}] for heads of {scope.Config.HeadSize}");
        }

        scope.LimitContext(rotation.Cos.Positions);
        return rotation;

        RotaryAngles Angles(int index) => scope.Value(node, index) as RotaryAngles ?? new RotaryAngles(scope.Tensor(node, index), null);
    }

    private static int Layer(GraphScope scope, GraphNode node)
    {
        var isRight = scope.Value(node, 3) is LayerCache { HoldsValues: false } && scope.Value(node, 4) is LayerCache { HoldsValues: true }
            && scope.Value(node, 5) is LengthTerm { Kind: LengthKind.TokensLessOne }
            && scope.Value(node, 6) is LengthTerm { Kind: LengthKind.LongestTokens };
        if (!isRight || scope.Value(node, 3) is not LayerCache { Layer: var layer }
            || scope.Value(node, 4) is not LayerCache { Layer: var valueLayer } || layer != valueLayer || !scope.Layers.Add(layer))
        {
            throw node.Refused("reads something else than the keys, values and lengths of a layer of its own");
        }

        var names = scope.Config.Names;
        string[] expected = [GenAiNames.OfLayer(names.PresentKeys, layer), GenAiNames.OfLayer(names.PresentValues, layer)];
        return node.Outputs.Skip(1).SequenceEqual(expected, StringComparer.Ordinal)
            ? layer
            : throw node.Refused("writes its keys and values elsewhere than the configuration says");
    }

    private static GraphValue[] Projections(GraphScope scope, GraphNode node, string module)
    {
        var config = scope.Config;
        if (node.Input(Key).Length == 0 && node.Input(Value).Length == 0)
        {
            int[] widths = [config.QuerySize, config.KvSize, config.KvSize];
            if (scope.Value(node, Query) is PendingLinear { Weights.Out: var width } && width != widths.Sum())
            {
                throw GraphTranslator.Disagrees(
                    $"'{node.Name}' has queries, keys and values of {width} together, the configuration's heads call for {widths.Sum()}");
            }

            var parts = Unpack(scope, node, widths);
            return Array.ConvertAll(parts, part => part is PendingLinear linear ? scope.Graph.AddLinear(linear) : part);
        }

        GraphValue[] values = [scope.Value(node, Query), scope.Value(node, Key), scope.Value(node, Value)];
        if (config.Family.FusesProjections && values is [PendingLinear q, PendingLinear k, PendingLinear v])
        {
            return scope.Graph.AddFused(
                LinearNodes.Fuse(node, module + ".qkv_proj", q, k, v), [.. Names.Zip([q.Weights.Out, k.Weights.Out, v.Weights.Out])]);
        }

        for (var i = Query; i <= Value; i++)
        {
            values[i] = scope.TryActivation(node, i) ?? values[i];
        }

        return values;
    }

    private static Activation[] Rows(GraphNode node, GraphValue[] values) =>
        Array.ConvertAll(values, value => value as Activation ?? throw node.Refused("reads queries, keys or values that are no activations"));

    /// <summary>Without a rotation of its own: behind nodes that rotate, or of a layer without positions.</summary>
    private static (Activation[] Inputs, Rotation? Rotation) Unrotated(GraphNode node, GraphValue[] values)
    {
        if (node.Input(Cos).Length > 0 || node.Input(Sin).Length > 0)
        {
            throw node.Refused("has rotary tables that it does not use");
        }

        if (values is [RotatedHeads q, RotatedHeads k, var v])
        {
            return q.Rotation == k.Rotation
                ? (Rows(node, [q.Heads, k.Heads, v]), q.Rotation)
                : throw node.Refused("has queries and keys that are rotated by other tables");
        }

        return (Rows(node, values), null);
    }


    private static void CheckWidths(GraphScope scope, GraphNode node, Activation[] inputs)
    {
        var config = scope.Config;
        int[] widths = [config.QuerySize, config.KvSize, config.KvSize];
        if (!inputs.Select(input => input.Width).SequenceEqual(widths) || inputs.Any(input => input.Rows != RowKind.Tokens))
        {
            var found = string.Join(", ", inputs.Select(input => input.Width));
            throw GraphTranslator.Disagrees(
                $"'{node.Name}' has queries, keys and values of {found}, the configuration's heads call for {string.Join(", ", widths)}");
        }
    }

    private static (string, object)[] Attributes(GenAiConfig config, GraphNode node, int layer)
    {
        var (heads, kvHeads) = (node.Integer("num_heads", 0), node.Integer("kv_num_heads", 0));
        if (heads != config.Heads || kvHeads != config.KvHeads)
        {
            throw GraphTranslator.Disagrees(
                $"'{node.Name}' has {heads} heads and {kvHeads} of keys, the configuration {config.Heads} and {config.KvHeads}");
        }

        node.Expect("rotary_interleaved", 0, fallback: 0);
        node.Expect("smooth_softmax", 0, fallback: 0);
        node.Expect("sliding_window_cache", 0, fallback: 0);
        node.Expect("qk_output", 0, fallback: 0);
        var (scale, window) = (node.Number("scale", 0), node.Integer("local_window_size", -1));
        return
        [
            ("heads", heads), ("kv_heads", kvHeads), ("head_size", config.HeadSize), ("layer", layer),
            ("scale", scale == 0 ? (float)(1 / Math.Sqrt(config.HeadSize)) : scale),
            ("window", Math.Max(0, window)), ("softcap", node.Number("softcap", 0)),
        ];
    }
}
