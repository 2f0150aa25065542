using System.Text.Json;
using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>
/// How a configuration says that positions rotate: <c>rope_parameters</c>, or <c>rope_theta</c> and <c>rope_scaling</c> of older libraries.
/// </summary>
internal static class RopeReader
{
    private const double MaxTheta = 1e12;
    private const double DefaultTheta = 10000;

    /// <summary>The rotation and the context that it reaches.</summary>
    public static (RotaryEmbedding Rotary, int Context) Read(JsonFile config, ModelSizes sizes, double theta = DefaultTheta)
    {
        var parameters = Object(config, "rope_parameters") ?? Object(config, "rope_scaling");
        return Read(config, sizes, parameters ?? default, config.Number(config.Root, "rope_theta", theta, MaxTheta));
    }

    /// <summary>Gemma 3's two rotations: of the layers that see everything, and of those with a window.</summary>
    public static ((RotaryEmbedding Rotary, int Context) Global, RotaryEmbedding Local) ReadGlobalAndLocal(JsonFile config, ModelSizes sizes)
    {
        const double globalTheta = 1e6;
        if (Object(config, "rope_parameters") is { } both && JsonFile.Field(both, "full_attention") is { } full)
        {
            var local = Read(config, sizes, JsonFile.Field(both, "sliding_attention") ?? default, DefaultTheta);
            return (Read(config, sizes, full, globalTheta), local.Rotary);
        }

        var localTheta = config.Number(config.Root, "rope_local_base_freq", DefaultTheta, MaxTheta);
        return (Read(config, sizes, globalTheta), Read(config, sizes, default, localTheta).Rotary);
    }

    private static (RotaryEmbedding Rotary, int Context) Read(JsonFile config, ModelSizes sizes, JsonElement parameters, double theta)
    {
        if (parameters.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined))
        {
            throw config.Wrong("rope_parameters", "an object");
        }

        var rope = new RopeParameters(config, parameters, sizes, config.Number(parameters, "rope_theta", theta, MaxTheta));
        var type = config.Text(parameters, "rope_type") ?? config.Text(parameters, "type") ?? "default";
        return type switch
        {
            // The scaling of dynamic begins where the context ends.
            "default" or "dynamic" => (new RotaryEmbedding { Frequencies = rope.Frequencies }, sizes.Context),
            "linear" => (RopeScaling.Linear(rope), sizes.Context),
            "llama3" => (RopeScaling.Llama3(rope), sizes.Context),
            "yarn" => (RopeScaling.Yarn(rope), rope.ScaledContext),
            "longrope" or "su" => (RopeScaling.Long(rope), sizes.Context),
            _ => throw new ModelImportException(
                "rope_unsupported", $"{config.Name}: the rotary embedding type '{type}' is not supported; default, linear, dynamic, llama3, yarn and longrope are."),
        };
    }

    private static JsonElement? Object(JsonFile config, string field) => JsonFile.Field(config.Root, field) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.Object ? value : throw config.Wrong(field, "an object");
}
