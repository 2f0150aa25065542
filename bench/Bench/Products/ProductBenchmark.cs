using System.Globalization;
using AdapterServe.Bench.Kernels;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Bench.Products;

/// <summary>
/// Matrix products over quantised weights, ONNX Runtime's and ours, beside ONNX Runtime's over f32: nodes of its sessions on the same threads, in
/// turn. Our limit is what streaming the weights or the bare multiplications take, whichever is more.
/// </summary>
internal static class ProductBenchmark
{
    private const long Footprint = 64L << 20;
    private const int MostCopies = 48;

    private static readonly (int Columns, int Outputs)[] s_shapes = [(896, 4864), (4864, 896), (896, 896), (896, 128), (896, 32000), (2048, 2048)];

    private static readonly ProductVariant[] s_variants =
    [
        new("f32", 32),
        new("f32-input", 32, IsInput: true),
        new("fusable", 32, IsOurs: true),
        new("fus-bias", 32, HasBias: true, IsOurs: true),
        new("int4", 4),
        new("ours", 4, IsOurs: true),
        new("int4-zero", 4, HasZeroPoints: true),
        new("ours-zero", 4, HasZeroPoints: true, IsOurs: true),
        new("int4-128", 4, Block: 128),
        new("ours-128", 4, Block: 128, IsOurs: true),
        new("int4-bias", 4, HasBias: true),
        new("int4-acc1", 4, Accuracy: 1),
        new("int8", 8),
        new("int8-zero", 8, HasZeroPoints: true),
        new("int8-128", 8, Block: 128),
    ];

    /// <param name="args">Threads, part of a shape's name (896x4864), numbers of rows, names of variants; the lists with commas.</param>
    public static int Run(string[] args)
    {
        var threads = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 2;
        var rowList = args.ElementAtOrDefault(2) ?? "1,4,8,16,32,128,512";
        var rows = Array.ConvertAll(rowList.Split(','), text => int.Parse(text, CultureInfo.InvariantCulture));
        var variants = s_variants.Where(variant => args.Length < 4 || args[3].Split(',').Contains(variant.Name)).ToArray();
        var limits = (Bytes: Streaming.BytesPerSecond(threads), Products: ByteProductLimit.PerSecond(threads));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{threads} threads; {limits.Bytes / 1e9:F1} GB/s, {limits.Products / 1e9:F0} GMAC/s of bytes"));
        Console.WriteLine("µs a product: median (least); speed-up over the first variant: of medians (of the least); GMAC/s; share of the limit");
        foreach (var (columns, outputs) in s_shapes)
        {
            if ($"{columns}x{outputs}".Contains(args.ElementAtOrDefault(1) ?? "", StringComparison.Ordinal))
            {
                Measure(columns, outputs, threads, rows, variants, limits);
            }
        }

        return 0;
    }

    private static void Measure(
        int columns, int outputs, int threads, int[] rowCounts, ProductVariant[] variants, (double Bytes, double Products) limits)
    {
        var folder = Directory.CreateTempSubdirectory("adapterserve-products-").FullName;
        try
        {
            using var environment = new OrtEnvironment(new OrtEnvironmentOptions { GlobalThreads = threads });
            var copies = (int)Math.Clamp(Footprint / ((long)columns * outputs * 5 / 8), 2, MostCopies);
            var sessions = Array.ConvertAll(variants, variant => Enumerable.Range(0, copies)
                .Select(_ => new ProductSession(environment, variant, columns, outputs, threads, folder)).ToArray());
            foreach (var rows in rowCounts)
            {
                Array.ForEach(sessions, same => Array.ForEach(same, session => session.Bind(rows)));
                var next = 0;
                var times = Timing.Interleave(
                    rows > 32 ? 40 : 400,
                    Array.ConvertAll<ProductSession[], Action>(sessions, same => () => same[next++ / variants.Length % copies].Run()));
                for (var i = 0; i < variants.Length; i++)
                {
                    var products = (double)rows * columns * outputs;
                    var limit = Math.Max(sessions[i][0].WeightBytes / limits.Bytes, products / limits.Products) * 1e6;
                    var name = string.Create(CultureInfo.InvariantCulture, $"{columns,4} x {outputs,5}  {rows,4}  {variants[i].Name,-9}");
                    Report(name, times[i], times[0], products, limit);
                }
            }

            Array.ForEach(sessions, same => Array.ForEach(same, session => session.Dispose()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Report(string name, (double Median, double Least) time, (double Median, double Least) first, double products, double limit) =>
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}  {time.Median,10:F1} ({time.Least,9:F1})  {first.Median / time.Median,6:F2} ({first.Least / time.Least:F2})"
            + $"  {products / time.Least / 1e3,7:F1}  {limit / time.Least,5:F2}"));
}
