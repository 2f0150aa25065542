using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>
/// Prefix tuning: keys and values before the sequence, or what an MLP makes of embeddings, which is computed once, at load.
/// <b>Semantics</b>: rows = W2 f(W1 wte + b1) + b2, or control_trans itself (<c>flat</c>); the keys are not rotated and the text's first token keeps position 0.
/// <b>Shapes</b>: wte [P, H], W1 [b, H], W2 [2 layers kv size, b]; flat [P 2 layers kv size]. <b>Source</b>: the adapters library, methods/prefix_tuning.
/// </summary>
internal sealed class HubPrefix : IHubArchitecture
{
    private const int MaxTokens = 1 << 16;

    public string Architecture => "prefix_tuning";

    public string KindOf(ConfigValues config) => "prefix_tuning";

    public VirtualTokenTensors ReadVirtualTokens(ConfigValues config, HubAdapter adapter)
    {
        HubOptions.RequireServable(
            config, "encoder_prefix", "cross_prefix", "flat", "prefix_length", "bottleneck_size", "non_linearity", "shared_gating");
        if (adapter.LayersOf(config).Count() != adapter.Layers)
        {
            throw StoreErrors.Unservable("leave_out", "A prefix that some layers leave out is not served; train it on all layers.");
        }

        var count = config.IntOr("prefix_length", 30);
        if (count is < 1 or > MaxTokens)
        {
            throw StoreErrors.Unservable("option_range", $"'prefix_length' is {count}; 1 to {MaxTokens} are served.");
        }

        return config.Flag("flat") ? Flat(adapter, count) : Projected(config, adapter, count);
    }

    private static VirtualTokenTensors Flat(HubAdapter adapter, int count)
    {
        var kv = KvLayout.Of(adapter.Base);
        var rows = Take(adapter, "control_trans", (long)count * kv.TokenWidth);
        return new VirtualTokenTensors(VirtualTokenKind.UncountedPrefix, count, kv.TokenWidth, [rows], values => values.Read(rows));
    }

    private static VirtualTokenTensors Projected(ConfigValues config, HubAdapter adapter, int count)
    {
        var kv = KvLayout.Of(adapter.Base);
        var inner = config.IntOr("bottleneck_size", 512);
        var activation = Activation(config.Text("non_linearity") ?? "tanh");
        var embeddings = Take(adapter, "wte.weight", count, adapter.HiddenSize);
        var first = Take(adapter, "control_trans.0.weight", inner, adapter.HiddenSize);
        var firstBias = Take(adapter, "control_trans.0.bias", inner);
        var second = Take(adapter, "control_trans.2.weight", kv.TokenWidth, inner);
        var secondBias = Take(adapter, "control_trans.2.bias", kv.TokenWidth);
        return new VirtualTokenTensors(
            VirtualTokenKind.UncountedPrefix,
            count,
            kv.TokenWidth,
            [embeddings, first, firstBias, second, secondBias],
            values =>
            {
                var hidden = Linear(values.Read(embeddings), count, values.Read(first), values.Read(firstBias));
                return Linear(Array.ConvertAll(hidden, activation), count, values.Read(second), values.Read(secondBias));
            });
    }

    /// <summary>The prefix is one object that every layer holds, and a torch file has it under each of those names.</summary>
    private static SafetensorsTensor Take(HubAdapter adapter, string part, params ReadOnlySpan<long> shape)
    {
        var name = $"prefix_tunings.{adapter.Name}.self_prefix.{part}";
        var tensor = adapter.Tensors.Take("model.prefix_tuning." + name, shape);
        for (var layer = 0; layer < adapter.Layers; layer++)
        {
            adapter.Tensors.TakeCopy($"model.layers.{layer}.self_attn.prefix_tuning.pool.{name}", tensor);
        }

        return tensor;
    }

    /// <summary>x Wᵀ + b. <b>Shapes</b>: x [rows, in], W [out, in], result [rows, out].</summary>
    private static double[] Linear(double[] x, int rows, double[] weight, double[] bias)
    {
        var inFeatures = x.Length / rows;
        var result = new double[(long)rows * bias.Length];
        for (var row = 0; row < rows; row++)
        {
            for (var o = 0; o < bias.Length; o++)
            {
                result[((long)row * bias.Length) + o] = bias[o] + DoubleMatrix.Dot(x.AsSpan(row * inFeatures, inFeatures), weight.AsSpan(o * inFeatures, inFeatures));
            }
        }

        return result;
    }

    private static Converter<double, double> Activation(string name) => name.ToLowerInvariant() switch
    {
        "tanh" => Math.Tanh,
        "relu" => value => Math.Max(value, 0),
        "silu" or "swish" => value => value / (1 + Math.Exp(-value)),
        "sigmoid" => value => 1 / (1 + Math.Exp(-value)),
        "leakyrelu" or "leaky_relu" => value => value > 0 ? value : 0.01 * value,
        "linear" => value => value,
        _ => throw StoreErrors.Unservable("activation", $"The activation '{AdapterNames.Shorten(name)}' is not served in a prefix; save it flat (eject_prefix_tuning) or train it with tanh."),
    };
}
