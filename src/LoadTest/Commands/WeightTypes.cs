using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.LoadTest.Commands;

/// <summary>What <c>--dtype</c> may say.</summary>
internal static class WeightTypes
{
    public static SafetensorsType Parse(string name) => name switch
    {
        "f32" => SafetensorsType.F32,
        "bf16" => SafetensorsType.BF16,
        "f16" => SafetensorsType.F16,
        _ => throw new UserErrorException($"--dtype is f32, bf16 or f16, not '{name}'."),
    };
}
