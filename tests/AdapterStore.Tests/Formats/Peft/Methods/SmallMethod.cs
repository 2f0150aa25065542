using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft.Methods;

/// <summary>An adapter of one PEFT method on q_proj [8, 8] of both layers of <see cref="Bases.Small"/>, and what it adds there.</summary>
internal static class SmallMethod
{
    public const string Q0 = "model.layers.0.self_attn.q_proj";
    private const string Q1 = "model.layers.1.self_attn.q_proj";

    public static SmallLora Make(string type, JsonObject options, (string Part, long[] Shape)[] parts, params (string Name, long[] Shape)[] shared)
    {
        var adapter = new SmallLora();
        adapter.Tensors.Clear();
        adapter.Config.Clear();
        adapter.Config["peft_type"] = type;
        adapter.Config["target_modules"] = new JsonArray("q_proj");
        foreach (var (key, value) in options.ToList())
        {
            options.Remove(key);
            adapter.Config[key] = value;
        }

        foreach (var (part, shape) in parts)
        {
            adapter.Add($"{Q0}.{part}", shape, part.Length);
            adapter.Add($"{Q1}.{part}", shape, part.Length + 1);
        }

        foreach (var (name, shape) in shared)
        {
            adapter.Add(name, shape, 5);
            adapter.Tensors["base_model." + name] = adapter.Tensors[SmallLora.Prefix + name];
            adapter.Remove(name);
        }

        return adapter;
    }

    public static SmallLora WithIntegers(this SmallLora adapter, string part)
    {
        adapter.Integers.Add(part);
        return adapter;
    }

    /// <summary>The values of a part at the first layer.</summary>
    public static float[] Values(this SmallLora adapter, string part) => adapter.Tensors[$"{SmallLora.Prefix}{Q0}.{part}"].Values;

    public static float[] SharedValues(this SmallLora adapter, string name) => adapter.Tensors["base_model." + name].Values;

    /// <summary>Column by column, what the kernels add at the first layer; and the form's name.</summary>
    public static async Task<(double[,] Delta, string Form)> DeltaAsync(SmallLora adapter, BaseModel? baseModel = null)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(baseModel);
        var put = await storage.PutAsync("small", adapter.Files());
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "small"), TestContext.Current.CancellationToken);
        return (DeltaOf(lease.Weights, baseModel ?? Bases.Small), Assert.Single(put.Descriptor.Forms));
    }

    /// <summary>The same of weights at hand.</summary>
    public static double[,] DeltaOf(AdapterWeights weights, BaseModel baseModel)
    {
        var site = baseModel.FindSite(Q0)!;
        var delta = new double[site.OutFeatures, site.InFeatures];
        for (var column = 0; column < site.InFeatures; column++)
        {
            var y = new float[site.OutFeatures];
            foreach (var form in weights.At(site.Index))
            {
                var x = new float[site.InFeatures];
                x[column] = 1;
                FormRunner.Apply(form, x, y);
            }

            for (var row = 0; row < y.Length; row++)
            {
                delta[row, column] = y[row];
            }
        }

        return delta;
    }

    public static void AssertDelta(double[,] actual, Func<int, int, double> expected)
    {
        for (var row = 0; row < actual.GetLength(0); row++)
        {
            for (var column = 0; column < actual.GetLength(1); column++)
            {
                Assert.InRange(actual[row, column] - expected(row, column), -Tolerances.SmallDelta, Tolerances.SmallDelta);
            }
        }
    }

    /// <summary>Entry of a b. <b>Shapes</b>: a [any, inner], b [inner, columns].</summary>
    public static double Product(float[] a, float[] b, int inner, int columns, int row, int column) =>
        Enumerable.Range(0, inner).Sum(k => (double)a[(row * inner) + k] * b[(k * columns) + column]);
}
