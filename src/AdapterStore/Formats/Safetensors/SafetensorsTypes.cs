namespace AdapterServe.AdapterStore.Formats.Safetensors;

internal static class SafetensorsTypes
{
    public static bool TryParse(string name, out SafetensorsType type)
    {
        foreach (var candidate in Enum.GetValues<SafetensorsType>())
        {
            if (Name(candidate) == name)
            {
                type = candidate;
                return true;
            }
        }

        type = default;
        return false;
    }

    public static string Name(SafetensorsType type) => type switch
    {
        SafetensorsType.F8E4M3 => "F8_E4M3",
        SafetensorsType.F8E5M2 => "F8_E5M2",
        SafetensorsType.F8E8M0 => "F8_E8M0",
        SafetensorsType.Bool => "BOOL",
        _ => type.ToString(),
    };

    /// <summary>Types that adapters are served from.</summary>
    public static bool IsFloat(SafetensorsType type) => type is SafetensorsType.F32 or SafetensorsType.BF16 or SafetensorsType.F16;

    public static int Bytes(SafetensorsType type) => type switch
    {
        SafetensorsType.F64 or SafetensorsType.I64 or SafetensorsType.U64 => 8,
        SafetensorsType.F32 or SafetensorsType.I32 or SafetensorsType.U32 => 4,
        SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.I16 or SafetensorsType.U16 => 2,
        _ => 1,
    };
}
