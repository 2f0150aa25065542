using System.Runtime.InteropServices;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.LoadTest.Synthesis;

/// <summary>Writes a safetensors file of random tensors; a tensor depends on the seed and its name alone.</summary>
internal static class RandomTensors
{
    private const int ChunkElements = 1 << 20;

    /// <param name="path">The file.</param>
    /// <param name="type">f32 or bf16.</param>
    /// <param name="tensors">Name, shape, and standard deviation; deviation 0 is a tensor of ones.</param>
    /// <param name="seed">Another seed, other values.</param>
    /// <param name="places">Tensors of sparse places, [2, count] i32: name, size of the matrix, count; different places in row-major order.</param>
    public static void Write(
        string path, SafetensorsType type, IReadOnlyList<(string Name, long[] Shape, double Deviation)> tensors, ulong seed,
        IReadOnlyList<(string Name, int Rows, int Columns, int Count)>? places = null)
    {
        places ??= [];
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        var writer = new SafetensorsWriter(
            stream, [
                .. tensors.Select(tensor => new SafetensorsEntry(tensor.Name, type, [.. tensor.Shape])),
                .. places.Select(place => new SafetensorsEntry(place.Name, SafetensorsType.I32, [2, place.Count]))],
                    new Dictionary<string, string> { ["format"] = "pt" });
        var buffer = new float[ChunkElements];
        foreach (var (name, shape, deviation) in tensors)
        {
            var generator = new NormalGenerator(Seed(seed, name));
            var left = shape.Aggregate(1L, (product, size) => product * size);
            for (; left > 0; left -= Math.Min(left, ChunkElements))
            {
                var chunk = buffer.AsSpan(0, (int)Math.Min(left, ChunkElements));
                if (deviation == 0)
                {
                    chunk.Fill(1);
                }
                else
                {
                    generator.Fill(chunk, (float)deviation);
                }

                writer.Write(chunk);
            }
        }

        foreach (var (name, rows, columns, count) in places)
        {
            writer.Write(MemoryMarshal.AsBytes(Places(rows, columns, count, Seed(seed, name)).AsSpan()));
        }

        writer.Complete();
    }

    /// <summary>Rows, then columns: one place out of each of <paramref name="count"/> equal stretches of the matrix.</summary>
    private static int[] Places(int rows, int columns, int count, ulong seed)
    {
        var random = new Random((int)seed);
        var places = new int[2 * count];
        for (var i = 0; i < count; i++)
        {
            var (from, to) = ((long)rows * columns * i / count, (long)rows * columns * (i + 1) / count);
            var flat = random.NextInt64(from, to);
            (places[i], places[count + i]) = ((int)(flat / columns), (int)(flat % columns));
        }

        return places;
    }

    private static ulong Seed(ulong seed, string name) =>
        name.Aggregate(seed ^ 0xCBF29CE484222325, (hash, letter) => (hash ^ letter) * 0x100000001B3);
}
