using AdapterServe.AdapterStore;

namespace AdapterServe.AdapterServer.Options;

/// <summary>The names of <see cref="AdapterWeightFormat"/> as operators write them.</summary>
internal static class AdapterWeightFormats
{
    public const string Names = "file, bf16, int8 or 1bit";

    /// <summary>Null for any other text.</summary>
    public static AdapterWeightFormat? Parse(string text) => text switch
    {
        "file" => AdapterWeightFormat.File,
        "bf16" => AdapterWeightFormat.BF16,
        "int8" => AdapterWeightFormat.Int8,
        "1bit" => AdapterWeightFormat.OneBit,
        _ => null,
    };
}
