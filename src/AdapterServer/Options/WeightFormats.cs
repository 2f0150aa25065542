using AdapterServe.Engine.Models;

namespace AdapterServe.AdapterServer.Options;

/// <summary>The names of <see cref="WeightFormat"/> as operators write them.</summary>
internal static class WeightFormats
{
    public const string Names = "f32, int8 or int4";

    /// <summary>Null for any other text.</summary>
    public static WeightFormat? Parse(string text) => text switch
    {
        "f32" => WeightFormat.F32,
        "int8" => WeightFormat.Int8,
        "int4" => WeightFormat.Int4,
        _ => null,
    };
}
