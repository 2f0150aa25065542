using System.Globalization;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.LoadTest.Synthesis;

/// <summary>Writes adapters with seeded random weights for a model's shape into folders <c>lora-00</c>, <c>lora-01</c>, ….</summary>
internal static class AdapterMaker
{
    /// <summary>
    /// The name of the <paramref name="place"/>-th of <paramref name="count"/> adapters; all are equally long, so that they sort as they count.
    /// </summary>
    public static string Name(string kind, int place, int count) =>
        $"{kind}-{place.ToString(CultureInfo.InvariantCulture).PadLeft(Math.Max(2, (count - 1).ToString(CultureInfo.InvariantCulture).Length), '0')}";

    /// <returns>The weight file's bytes.</returns>
    public static long Write(string folder, AdapterRecipe recipe, SafetensorsType type, int seed)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), recipe.Config.ToJsonString());
        var path = Path.Combine(folder, recipe.WeightFile);
        if (recipe.Bytes is { } bytes)
        {
            File.WriteAllBytes(path, bytes(new Random(seed)));
        }
        else
        {
            RandomTensors.Write(path, type, recipe.Tensors, (ulong)seed, recipe.Places);
        }

        return new FileInfo(path).Length;
    }
}
