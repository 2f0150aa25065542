using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>A site of <see cref="MadeBaseWeights"/> with an adapter, one row, by the kernels that serve it; and the plain arithmetic to define what it should be.</summary>
internal static class AdaptedLinear
{
    public static double[] Input(Site site) => [.. Enumerable.Range(0, site.InFeatures).Select(i => ((i * 5) % 7) - 2.5)];

    /// <summary>The base's weight and bias, zeros where it has none.</summary>
    public static (double[,] W, double[] B) Base(Site site, bool hasBias)
    {
        var matrix = new float[site.OutFeatures * site.InFeatures];
        var bias = new float[site.OutFeatures];
        var made = new MadeBaseWeights(hasBias);
        made.Read(site, matrix);
        made.TryReadBias(site, bias);
        var w = new double[site.OutFeatures, site.InFeatures];
        Buffer.BlockCopy(Array.ConvertAll(matrix, value => (double)value), 0, w, 0, matrix.Length * sizeof(double));
        return (w, Array.ConvertAll(bias, value => (double)value));
    }

    /// <summary>Uploads the files and gives what the site makes of <see cref="Input"/>, and the forms' names.</summary>
    public static async Task<(float[] Y, string Forms)> RunAsync(IEnumerable<KeyValuePair<string, byte[]>> files, Site site, bool hasBias)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(MadeBaseWeights.Small(hasBias));
        var put = await storage.PutAsync("adapter", files);
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "adapter"), TestContext.Current.CancellationToken);
        return (Run(lease.Weights, site, hasBias), string.Join(',', put.Descriptor.Forms));
    }

    public static void AssertClose(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < actual.Length; i++)
        {
            Assert.InRange(actual[i], expected[i] - Tolerances.VectorKind, expected[i] + Tolerances.VectorKind);
        }
    }

    public static double[] Plus(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    public static double[] Times(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x * y)];

    public static double[] Product(double[,] w, double[] x) =>
        [.. Enumerable.Range(0, w.GetLength(0)).Select(o => Enumerable.Range(0, x.Length).Sum(h => w[o, h] * x[h]))];

    private static float[] Run(AdapterWeights weights, Site site, bool hasBias)
    {
        var x = Array.ConvertAll(Input(site), value => (float)value);
        foreach (var form in weights.At(site.Index).ToArray().Where(IsOnInput))
        {
            FormRunner.Apply(form, x, []);
        }

        var (w, b) = Base(site, hasBias);
        var y = Array.ConvertAll(Plus(Product(w, Array.ConvertAll(x, value => (double)value)), b), value => (float)value);
        foreach (var form in weights.At(site.Index).ToArray().Where(form => !IsOnInput(form)).OrderBy(form => form.Form))
        {
            FormRunner.Apply(form, x, y);
        }

        return y;
    }

    private static bool IsOnInput(FormWeights form) => form.Form is FormKind.InputScale or FormKind.InputRotation;
}
