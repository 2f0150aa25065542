using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>
/// The invertible adapter behind the embedding, and its inverse before the head in models with flexible heads alone.
/// <b>Semantics</b> (NICE): with the channels in two halves, y1 = x1 + F(x2), then y2 = x2 + G(y1); inverse y2 -= G(y1), then y1 -= F(y2). F and G are bottlenecks.
/// <b>Source</b>: the adapters library, methods/invertible and methods/modeling; heads/language_modeling for the inverse.
/// </summary>
internal static class HubInvertible
{
    public static IEnumerable<SiteTensors> At(HubBottleneckOptions options, HubAdapter adapter)
    {
        var config = options.Config;
        var legacy = config.IsMeaningful("invertible_adapter") ? config.Object("invertible_adapter") : null;
        switch (legacy is null ? config.Text("inv_adapter") : legacy.Text("block_type"))
        {
            case null or "":
                return [];
            case "nice":
                return At(options.Activation, adapter, legacy?.RequiredNumber("reduction_factor") ?? config.RequiredNumber("inv_adapter_reduction_factor"));
            case "glow":
                throw StoreErrors.Unservable("invertible", "The library's GLOW adapter has no defined result (it splits another dimension than its inverse); train with inv_adapter=\"nice\".");
            case var other:
                throw StoreErrors.Unservable("invertible", $"The invertible adapter '{AdapterNames.Shorten(other)}' is not served; train with inv_adapter=\"nice\".");
        }
    }

    private static IEnumerable<SiteTensors> At(Activation activation, HubAdapter adapter, double factor)
    {
        var name = $"model.invertible_adapters.{adapter.Name}.";
        var half = adapter.HiddenSize / 2;
        var f = new Half(adapter.Tensors, name + "F.", half, adapter.HiddenSize - half, 0, half, factor);
        var g = new Half(adapter.Tensors, name + "G.", 0, half, half, adapter.HiddenSize - half, factor);
        var embedding = adapter.Base.Sites.First(site => site.Kind == SiteKind.Embedding);
        yield return f.At(embedding, activation, 1);
        yield return g.At(embedding, activation, 1);
        if (HasInverse(adapter.ModelClass))
        {
            var norm = adapter.Site("model.norm");
            yield return g.At(norm, activation, -1);
            yield return f.At(norm, activation, -1);
        }
    }

    private static bool HasInverse(string modelClass) =>
        modelClass.EndsWith("AdapterModel", StringComparison.Ordinal) || modelClass.EndsWith("ModelWithHeads", StringComparison.Ordinal)
        || (modelClass.Length > 0 ? false : throw StoreErrors.Unservable(
            "invertible", "adapter_config.json has no 'model_class', which says whether the invertible adapter has its inverse before the head."));

    /// <summary>F or G: from channels [InOffset, InOffset + InWidth) to [OutOffset, OutOffset + OutWidth).</summary>
    private sealed class Half(HubTensors tensors, string name, int inOffset, int inWidth, int outOffset, int outWidth, double factor)
    {
        private readonly int _width = HubBottleneckOptions.Width(inWidth, factor);
        private readonly HubLinear _down = HubLinear.Plain(tensors, name + "0", inWidth, HubBottleneckOptions.Width(inWidth, factor));
        private readonly HubLinear _up = HubLinear.Plain(tensors, name + "2", HubBottleneckOptions.Width(inWidth, factor), outWidth);

        public BottleneckTensors At(Site site, Activation activation, float scale) => new(site, [.. _down.Sources, .. _up.Sources], _width, source =>
        {
            var weights = HubLinear.ReadWeights(source, _down, _up);
            return new BottleneckParts
            {
                Input = BottleneckInput.Output,
                InOffset = inOffset,
                Down = weights.Down,
                DownBias = _down.ReadBias(source),
                Activation = activation,
                Up = weights.Up,
                UpBias = _up.ReadBias(source),
                Scale = scale,
                OutOffset = outOffset,
            };
        });
    }
}
