using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>The names of activations in the library and in transformers. <b>Errors</b>: Unservable <c>activation</c>.</summary>
internal static class HubActivations
{
    /// <param name="name">As in <c>non_linearity</c>.</param>
    /// <param name="isOld">Whether the file is from before the names' meanings changed.</param>
    public static Activation Parse(string name, bool isOld) => (isOld ? Renamed(name) : name).ToLowerInvariant() switch
    {
        "linear" => Activation.Identity,
        "relu" => Activation.Relu,
        "relu2" => Activation.ReluSquared,
        "relu6" => Activation.Relu6,
        "leakyrelu" or "leaky_relu" => Activation.LeakyRelu,
        "gelu" or "gelu_python" => Activation.Gelu,
        "gelu_new" or "gelu_fast" or "gelu_accurate" or "gelu_pytorch_tanh" => Activation.GeluTanh,
        "quick_gelu" => Activation.QuickGelu,
        "silu" or "swish" => Activation.Silu,
        "sigmoid" => Activation.Sigmoid,
        "tanh" => Activation.Tanh,
        "mish" => Activation.Mish,
        _ => throw StoreErrors.Unservable("activation", $"The activation '{AdapterNames.Shorten(name)}' is not served; train the adapter with relu, gelu, swish or tanh."),
    };

    private static string Renamed(string name) => name switch
    {
        "gelu" => "gelu_new",
        "gelu_orig" => "gelu",
        _ => name,
    };
}
