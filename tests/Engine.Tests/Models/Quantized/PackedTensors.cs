using System.Runtime.InteropServices;
using AdapterServe.AdapterStore.Formats.Safetensors;
using HeldTensor = (AdapterServe.AdapterStore.Formats.Safetensors.SafetensorsType Type, long[] Shape, byte[] Bytes);

namespace AdapterServe.Engine.Tests.Models.Quantized;

/// <summary>
/// A linear packed word by word as the methods' definitions say, and the weights that it stands for.
/// <b>Source</b>: GPTQ: qweight[i / W, o] |= code &lt;&lt; bits (i % W), qzeros[g, o / W] |= (zero - 1) &lt;&lt; bits (o % W), without the 1 in the second format;
/// AWQ: qweight[i, c] |= code[i, 8 c + order[j]] &lt;&lt; 4 j, order 0 2 4 6 1 3 5 7, and qzeros alike.
/// </summary>
internal sealed class PackedTensors
{
    private static readonly int[] s_awqOrder = [0, 2, 4, 6, 1, 3, 5, 7];

    private PackedTensors(Dictionary<string, HeldTensor> tensors, float[] weights) => (Tensors, Weights) = (tensors, weights);

    public Dictionary<string, HeldTensor> Tensors { get; }

    /// <summary>[out, in].</summary>
    public float[] Weights { get; }

    /// <summary>Rounds each group to its own scale and zero point.</summary>
    public static PackedTensors Pack(PackingRecipe recipe, string path, int rows, int columns, float[] weights)
    {
        var groupSize = recipe.GroupSize == -1 ? columns : recipe.GroupSize;
        var groups = (columns + groupSize - 1) / groupSize;
        var groupOf = Groups(recipe, columns, groupSize);
        var codes = new int[rows, columns];
        var zeros = new int[groups, rows];
        var scales = new Half[groups, rows];
        var restored = new float[weights.Length];
        for (var row = 0; row < rows; row++)
        {
            for (var group = 0; group < groups; group++)
            {
                var members = Enumerable.Range(0, columns).Where(column => groupOf[column] == group).ToArray();
                var values = Array.ConvertAll(members, column => weights[(row * columns) + column]);
                var most = (1 << recipe.Bits) - 1;
                var scale = scales[group, row] = (Half)Math.Max((values.Max() - values.Min()) / most, 1e-4f);
                var zero = zeros[group, row] = Math.Clamp((int)MathF.Round(-values.Min() / (float)scale), 1, most);
                foreach (var (column, value) in members.Zip(values))
                {
                    codes[row, column] = Math.Clamp((int)MathF.Round(value / (float)scale) + zero, 0, most);
                    restored[(row * columns) + column] = (codes[row, column] - zero) * (float)scale;
                }
            }
        }

        return new PackedTensors(recipe.Method == "gptq" ? Gptq(recipe, path, codes, zeros, scales, groupOf) : Awq(path, codes, zeros, scales), restored);
    }

    private static int[] Groups(PackingRecipe recipe, int columns, int groupSize)
    {
        var groups = Enumerable.Range(0, columns).Select(column => column / groupSize).ToArray();
        if (recipe.ActOrder)
        {
            new Random(columns).Shuffle(groups);
        }

        return groups;
    }

    private static Dictionary<string, HeldTensor> Gptq(
        PackingRecipe recipe, string path, int[,] codes, int[,] zeros, Half[,] scales, int[] groupOf)
    {
        var (word, bits) = (recipe.WordWeights, recipe.Bits);
        var (rows, columns, groups) = (codes.GetLength(0), codes.GetLength(1), zeros.GetLength(0));
        var qweight = new uint[columns / word * rows];
        var qzeros = new uint[groups * rows / word];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                qweight[(column / word * rows) + row] |= (uint)codes[row, column] << (bits * (column % word));
            }

            for (var group = 0; group < groups; group++)
            {
                qzeros[(group * rows / word) + (row / word)] |= (uint)(zeros[group, row] - (recipe.Format == "gptq" ? 1 : 0)) << (bits * (row % word));
            }
        }

        return new()
        {
            [path + ".qweight"] = Tensor(SafetensorsType.I32, qweight, columns / word, rows),
            [path + ".qzeros"] = Tensor(SafetensorsType.I32, qzeros, groups, rows / word),
            [path + ".scales"] = Tensor(SafetensorsType.F16, [.. scales.Cast<Half>()], groups, rows),
            [path + ".g_idx"] = Tensor(SafetensorsType.I32, groupOf, columns),
        };
    }

    private static Dictionary<string, HeldTensor> Awq(string path, int[,] codes, int[,] zeros, Half[,] scales)
    {
        var (rows, columns, groups) = (codes.GetLength(0), codes.GetLength(1), zeros.GetLength(0));
        var qweight = new uint[columns * rows / 8];
        var qzeros = new uint[groups * rows / 8];
        for (var at = 0; at < rows / 8; at++)
        {
            for (var place = 0; place < 8; place++)
            {
                var row = (at * 8) + s_awqOrder[place];
                for (var column = 0; column < columns; column++)
                {
                    qweight[(column * rows / 8) + at] |= (uint)codes[row, column] << (4 * place);
                }

                for (var group = 0; group < groups; group++)
                {
                    qzeros[(group * rows / 8) + at] |= (uint)zeros[group, row] << (4 * place);
                }
            }
        }

        return new()
        {
            [path + ".qweight"] = Tensor(SafetensorsType.I32, qweight, columns, rows / 8),
            [path + ".qzeros"] = Tensor(SafetensorsType.I32, qzeros, groups, rows / 8),
            [path + ".scales"] = Tensor(SafetensorsType.F16, [.. scales.Cast<Half>()], groups, rows),
        };
    }

    private static HeldTensor Tensor<T>(SafetensorsType type, T[] values, params long[] shape)
        where T : unmanaged => (type, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
}
