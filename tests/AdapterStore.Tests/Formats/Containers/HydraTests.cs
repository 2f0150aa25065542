using System.Runtime.InteropServices;
using System.Text;
using AdapterServe.AdapterStore.Tests.Support;
using static AdapterServe.AdapterStore.Tests.Support.AdaptedLinear;

namespace AdapterServe.AdapterStore.Tests.Formats.Containers;

public sealed class HydraTests
{
    private const int Rank = 2;
    private const string Proj0 = "model.layers.0.self_attn.hydra_proj_";
    private readonly SortedDictionary<string, (int[] Shape, float[] Values)> _tensors = new(StringComparer.Ordinal);
    private string _config = """{"adapter_type": "hydra", "rank": 2, "scale": 0.5}""";

    public HydraTests()
    {
        for (var layer = 0; layer < 2; layer++)
        {
            AddBranches($"model.layers.{layer}.self_attn.hydra_proj_", 8);
            AddBranches($"model.layers.{layer}.mlp.hydra_mlp_", 12);
        }
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.o_proj", "model.layers.0.self_attn.hydra_proj_")]
    [InlineData("model.layers.1.mlp.down_proj", "model.layers.1.mlp.hydra_mlp_")]
    public async Task One_branch_reads_the_input_and_one_the_bases_output(string path, string branches)
    {
        var site = Bases.Small.FindSite(path)!;
        var (w, b) = Base(site, hasBias: true);
        var y0 = Plus(Product(w, Input(site)), b);
        var (parallel, sequential) = (Branch(branches + "par", Input(site)), Branch(branches + "seq", y0));
        var (y, forms) = await RunAsync(Files(), site, hasBias: true);
        Assert.Equal("output_low_rank,low_rank,output_bias", forms);
        AssertClose([.. y0.Select((value, o) => value + (0.5 * (parallel[o] + sequential[o])))], y);
    }

    [Theory]
    [InlineData("missing", "missing_tensors")]
    [InlineData("surplus", "unknown_tensor")]
    [InlineData("nested", "unknown_tensor")]
    [InlineData("shape", "shape_mismatch")]
    [InlineData("dimensions", "shape_mismatch")]
    [InlineData("nan", "not_finite")]
    [InlineData("overflow", "not_finite")]
    [InlineData("option", "unknown_option")]
    [InlineData("rank", "rank")]
    [InlineData("scale", "option_range")]
    [InlineData("no file", "missing_weights")]
    public async Task A_wrong_file_is_refused_with_its_own_code(string wrong, string code)
    {
        switch (wrong)
        {
            case "missing":
                Assert.True(_tensors.Remove(Proj0 + "seq.up_proj.bias"));
                break;
            case "surplus":
                Add("model.layers.2.self_attn.hydra_proj_par.up_proj.bias", [8]);
                break;
            case "nested":
                Add(Proj0 + "par", [8]);
                break;
            case "shape":
                Add(Proj0 + "seq.down_proj.weight", [Rank, 7]);
                break;
            case "dimensions":
                Add(Proj0 + "seq.down_proj.weight", [Rank * 8]);
                break;
            case "nan":
                _tensors[Proj0 + "par.down_proj.bias"].Values[1] = float.NaN;
                break;
            case "overflow":
                Array.Fill(_tensors[Proj0 + "par.down_proj.bias"].Values, 3e38f);
                Array.Fill(_tensors[Proj0 + "par.up_proj.weight"].Values, 3e38f);
                break;
            case "option":
                _config = """{"adapter_type": "hydra", "rank": 2, "scale": 0.5, "gate": true}""";
                break;
            case "rank":
                _config = """{"adapter_type": "hydra", "rank": 0, "scale": 0.5}""";
                break;
            case "scale":
                _config = """{"adapter_type": "hydra", "rank": 2, "scale": 1e300}""";
                break;
        }

        var files = Files();
        if (wrong == "no file")
        {
            files.Remove("hydra.pt");
        }

        using var folder = new TestFolder();
        using var storage = folder.Open(MadeBaseWeights.Small(hasBias: true));
        var refused = await storage.RefusedAsync(files);
        Assert.Equal((AdapterErrorKind.Unservable, code), (refused.Kind, refused.Code));
    }

    private double[] Branch(string name, double[] v)
    {
        var (down, inner, up, bias) = (Values(name + ".down_proj.weight"), Values(name + ".down_proj.bias"), Values(name + ".up_proj.weight"), Values(name + ".up_proj.bias"));
        var a = Enumerable.Range(0, Rank).Select(r => inner[r] + Enumerable.Range(0, v.Length).Sum(h => down[(r * v.Length) + h] * v[h])).ToArray();
        return [.. Enumerable.Range(0, bias.Length).Select(o => bias[o] + Enumerable.Range(0, Rank).Sum(r => up[(o * Rank) + r] * a[r]))];
    }

    private double[] Values(string name) => Array.ConvertAll(_tensors[name].Values, value => (double)value);

    private void AddBranches(string name, int inFeatures)
    {
        foreach (var (branch, width) in new[] { ("par", inFeatures), ("seq", 8) })
        {
            Add($"{name}{branch}.down_proj.weight", [Rank, width]);
            Add($"{name}{branch}.down_proj.bias", [Rank]);
            Add($"{name}{branch}.up_proj.weight", [8, Rank]);
            Add($"{name}{branch}.up_proj.bias", [8]);
        }
    }

    private void Add(string name, int[] shape)
    {
        var random = new Random(name.Length + _tensors.Count);
        _tensors[name] = (shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.Next(-32, 33) / 32f)]);
    }

    private Dictionary<string, byte[]> Files()
    {
        var all = _tensors.Values.SelectMany(tensor => tensor.Values).ToArray();
        var pickle = TorchBytes.Join("}");
        var offset = 0;
        foreach (var (name, (shape, values)) in _tensors)
        {
            int[] strides = shape.Length == 2 ? [shape[1], 1] : [1];
            pickle = TorchBytes.Join(pickle, TorchBytes.Text(name), TorchBytes.Tensor(all.Length, offset, shape, strides), "s");
            offset += values.Length;
        }

        return new()
        {
            ["adapter_config.json"] = Encoding.UTF8.GetBytes(_config),
            ["hydra.pt"] = TorchBytes.Zip(TorchBytes.Pickle(pickle), ("m/data/0", MemoryMarshal.AsBytes(all.AsSpan()).ToArray())),
        };
    }
}
