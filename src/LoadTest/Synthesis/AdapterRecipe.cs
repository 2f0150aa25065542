using System.Text.Json.Nodes;

namespace AdapterServe.LoadTest.Synthesis;

/// <summary>How one kind of adapter looks on disk: its configuration and its random tensors.</summary>
/// <param name="Config">The content of <c>adapter_config.json</c>.</param>
/// <param name="WeightFile">The name of the tensor file.</param>
/// <param name="Tensors">Name, shape, and standard deviation; deviation 0 is a tensor of ones.</param>
/// <param name="Places">For tensors of sparse places, <c>[2, count]</c> i32: name, rows and columns of the matrix, count.</param>
internal sealed record AdapterRecipe(
    JsonObject Config,
    string WeightFile,
    IReadOnlyList<(string Name, long[] Shape, double Deviation)> Tensors,
    IReadOnlyList<(string Name, int Rows, int Columns, int Count)>? Places = null)
{
    /// <summary>The weight file of kinds that are no safetensors file.</summary>
    public Func<Random, byte[]>? Bytes { get; init; }
}
