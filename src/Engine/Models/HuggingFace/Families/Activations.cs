using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>The names of activations in configurations.</summary>
internal static class Activations
{
    public static Activation Read(JsonFile config, string field, string fallback)
    {
        var name = config.Text(config.Root, field) ?? fallback;
        return name switch
        {
            "silu" or "swish" => Activation.Silu,
            "gelu" => Activation.Gelu,
            "gelu_new" or "gelu_pytorch_tanh" or "gelu_fast" => Activation.GeluTanh,
            "quick_gelu" => Activation.QuickGelu,
            "relu" => Activation.Relu,
            "relu2" => Activation.ReluSquared,
            _ => throw new ModelImportException(
                "activation_unsupported", $"{config.Name}: the activation '{name}' is not supported; silu, gelu, gelu_pytorch_tanh, quick_gelu, relu and relu2 are."),
        };
    }
}
