using System.Runtime.InteropServices;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary><see cref="SmallLora"/>'s tensors as an <see cref="OnnxAdapterBytes"/>.</summary>
internal static class OnnxAdapterOfLora
{
    private const float Scale = 2;

    /// <param name="lora">Alpha over its rank is <see cref="Scale"/>.</param>
    /// <param name="type">1 for f32, 10 for f16, 16 for bf16.</param>
    public static OnnxAdapterBytes Make(SmallLora lora, int type = 1)
    {
        var file = new OnnxAdapterBytes();
        foreach (var (name, (shape, values)) in lora.Tensors)
        {
            var scale = name.Contains("lora_B", StringComparison.Ordinal) ? Scale : 1;
            var (rows, columns) = ((int)shape[0], (int)shape[1]);
            var transposed = new float[values.Length];
            for (var i = 0; i < values.Length; i++)
            {
                transposed[(i % columns * rows) + (i / columns)] = values[i] * scale;
            }

            file.Parameters.Add(new OnnxAdapterEntry(name[SmallLora.Prefix.Length..], [columns, rows], type, Encode(transposed, type)));
        }

        return file;
    }

    private static byte[] Encode(float[] values, int type) => type switch
    {
        1 => MemoryMarshal.AsBytes(values.AsSpan()).ToArray(),
        10 => [.. values.SelectMany(value => BitConverter.GetBytes((Half)value))],
        _ => [.. values.SelectMany(value => BitConverter.GetBytes(value)[2..])],
    };
}
