using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += (W ∘ A + B) x, and where the base has a bias b also y += b ∘ D + E + W C; each of A to E is a product Xd Xu, a vector or a number X, or zeros,
/// as the configuration says, the last three in C, D and E only where the base has a bias.
/// <b>Shapes</b>: A, B [O, H]; C [H, 1]; D, E [O]. <b>Source</b>: PEFT, tuners/glora.
/// </summary>
internal sealed class Glora : IPeftMethod
{
    private const string Zeros = "zeros";

    public string Type => "GLORA";

    public string Forms => "dense, output_bias";

    public string Note => "with the base's weights";

    public ImmutableArray<string> Options => ["r", "config_A_B", "config_C", "config_D_E", "init_weights"];

    public ImmutableArray<string> Parts { get; } =
        [.. from path in "ABCDE" from tensor in (string[])["Xd", "Xu", "X", Zeros] select $"glora_{path}.{tensor}"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var rank = adapter.Rank();
        var (matrices, column, vectors) = (Path(adapter, "config_A_B", "lora"), Path(adapter, "config_C", "lora"), Path(adapter, "config_D_E", "constant"));
        if (vectors == "lora" || column == "constant")
        {
            throw PeftAdapter.OutOfRange(vectors == "lora" ? "config_D_E" : "config_C");
        }

        var weights = adapter.Base.Weights ?? throw StoreErrors.Unservable("base_weights", "GLoRA is defined relative to the base's weights, which are not at hand.");
        return module =>
        {
            var site = module.Site;
            var hasBias = weights.TryReadBias(site, new float[site.OutFeatures]);
            var (a, b) = (new Term(module, "glora_A", matrices, rank, site.OutFeatures, site.InFeatures), new Term(module, "glora_B", matrices, rank, site.OutFeatures, site.InFeatures));
            var c = new Term(module, "glora_C", hasBias ? column : "none", rank, site.InFeatures, 1);
            var (d, e) = (new Term(module, "glora_D", hasBias ? vectors : "none", rank, site.OutFeatures, null), new Term(module, "glora_E", hasBias ? vectors : "none", rank, site.OutFeatures, null));
            var delta = new MadeDenseTensors(site, [.. a.Tensors, .. b.Tensors], DenseMode.Add, values => Delta(values, site, a, b));
            return hasBias
                ? new GroupedTensors(site, [delta, new MadeVectorTensors(site, FormKind.OutputBias, [.. c.Tensors, .. d.Tensors, .. e.Tensors], values => Bias(values, site, c, d, e))])
                : delta;
        };
    }

    private static double[] Delta(TensorValues values, Site site, Term scale, Term shift)
    {
        var (delta, weight, added) = (scale.Matrix(values), values.BaseWeight(site), shift.Matrix(values));
        for (var i = 0; i < delta.Length; i++)
        {
            delta[i] = (weight[i] * delta[i]) + added[i];
        }

        return delta;
    }

    private static double[] Bias(TensorValues values, Site site, Term column, Term scale, Term shift)
    {
        var (bias, added, weight) = (scale.Matrix(values), values.BaseBias(site), values.BaseWeight(site));
        var (offsets, mixed) = (shift.Matrix(values), column.Matrix(values));
        for (var row = 0; row < bias.Length; row++)
        {
            bias[row] = (added[row] * bias[row]) + offsets[row];
            for (var h = 0; h < mixed.Length; h++)
            {
                bias[row] += (double)weight[(row * mixed.Length) + h] * mixed[h];
            }
        }

        return bias;
    }

    private static string Path(PeftAdapter adapter, string key, string absent) => adapter.Config.Text(key) switch
    {
        null => absent,
        "lora" or "vector" or "constant" or "none" => adapter.Config.Text(key)!,
        var other => throw StoreErrors.Unservable("option_range", $"'{AdapterNames.Shorten(other)}' is no value of {key} that the server knows."),
    };

    /// <summary>One of A to E as the file holds it.</summary>
    private sealed class Term
    {
        private readonly int _rows;
        private readonly int _columns;
        private readonly int _rank;

        /// <param name="module">The file's tensors.</param>
        /// <param name="name">Which one.</param>
        /// <param name="path">How it is made.</param>
        /// <param name="rank">Of a product.</param>
        /// <param name="rows">Of the matrix.</param>
        /// <param name="columns">Null for a vector that the file holds without a second size.</param>
        public Term(PeftModule module, string name, string path, int rank, int rows, int? columns)
        {
            (_rows, _columns, _rank) = (rows, columns ?? 1, rank);
            Tensors = path switch
            {
                "lora" => [module.Part(name + ".Xd", rows, rank), module.Part(name + ".Xu", rank, _columns)],
                "vector" => [columns is null ? module.Part(name + ".X", rows) : module.Part(name + ".X", rows, 1)],
                "constant" => [module.Part(name + ".X", 1)],
                _ => [columns is null ? module.Part($"{name}.{Zeros}", rows) : module.Part($"{name}.{Zeros}", rows, _columns)],
            };
        }

        public ImmutableArray<SafetensorsTensor> Tensors { get; }

        /// <summary>[rows, columns]; a vector is repeated in every column, a number everywhere.</summary>
        public double[] Matrix(TensorValues values)
        {
            if (Tensors.Length == 2)
            {
                return DoubleMatrix.Multiply(values.Read(Tensors[0]), values.Read(Tensors[1]), _rows, _rank, _columns);
            }

            var own = values.Read(Tensors[0]);
            var matrix = new double[checked(_rows * _columns)];
            for (var i = 0; i < matrix.Length; i++)
            {
                matrix[i] = own.Length == matrix.Length ? own[i] : own[own.Length == 1 ? 0 : i / _columns];
            }

            return matrix;
        }
    }
}
