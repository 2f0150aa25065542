using System.Globalization;
using AdapterServe.Bench.Kernels;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Bench.Products;

/// <summary>
/// Our product over 4 bits beside ONNX Runtime's, as nodes of its sessions on the same threads, in turn. The limit of a time is what streaming the packed weights or the
/// bare multiplications take, whichever is more.
/// </summary>
internal static class BlockProductBenchmark
{
    private const long Footprint = 64L << 20;
    private const int MostCopies = 48;

    private static readonly (int Columns, int Rows)[] s_shapes = [(896, 4864), (4864, 896), (896, 896), (896, 128), (896, 32000), (2048, 2048)];

    public static int Run(string[] args)
    {
        var threads = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 2;
        var filter = args.Length > 1 ? args[1] : "";
        var rows = args.Length > 2 ? args[2].Split(',').Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray() : [1, 4, 8, 16, 32, 128, 512];
        var limits = (Bytes: Streaming.BytesPerSecond(threads), Products: ByteProductLimit.PerSecond(threads));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{threads} threads; {limits.Bytes / 1e9:F1} GB/s, {limits.Products / 1e9:F0} GMAC/s; µs a product, median (least) of the rounds, in turn"));
        Console.WriteLine("in x out        rows            f32           MatMulNBits            ours           f32 / ours  MatMulNBits / ours (of least)  GMAC/s  of the limit");
        foreach (var (columns, outputs) in s_shapes)
        {
            if ($"{columns}x{outputs}".Contains(filter, StringComparison.Ordinal))
            {
                Measure(columns, outputs, threads, rows, limits);
            }
        }

        return 0;
    }

    private static void Measure(int columns, int outputs, int threads, int[] rowCounts, (double Bytes, double Products) limits)
    {
        var folder = Directory.CreateTempSubdirectory("adapterserve-products-").FullName;
        try
        {
            using var environment = new OrtEnvironment(new OrtEnvironmentOptions { GlobalThreads = threads });
            var copies = (int)Math.Clamp(Footprint / ((long)columns * outputs * 5 / 8), 2, MostCopies);
            var sessions = Array.ConvertAll(Enum.GetValues<BlockProductVariant>(), variant => Enumerable.Range(0, copies)
                .Select(_ => new BlockProductSession(environment, variant, columns, outputs, threads, folder)).ToArray());
            foreach (var rows in rowCounts)
            {
                Array.ForEach(sessions, variant => Array.ForEach(variant, session => session.Bind(rows)));
                var next = 0;
                var times = Timing.Interleave(rows > 32 ? 40 : 400, Array.ConvertAll<BlockProductSession[], Action>(sessions, variant => () => variant[next++ / sessions.Length % copies].Run()));
                Report(columns, outputs, rows, times, Math.Max(sessions[^1][0].WeightBytes / limits.Bytes, (double)rows * columns * outputs / limits.Products) * 1e6);
            }

            Array.ForEach(sessions, variant => Array.ForEach(variant, session => session.Dispose()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Report(int columns, int outputs, int rows, (double Median, double Least)[] times, double limit)
    {
        var ours = times[2];
        var text = string.Join("  ", times.Select(time => string.Create(CultureInfo.InvariantCulture, $"{time.Median,9:F1} ({time.Least,8:F1})")));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{columns,4} x {outputs,5}   {rows,4}  {text}  {times[0].Median / ours.Median,6:F2}  {times[1].Median / ours.Median,10:F2} ({times[1].Least / ours.Least:F2})"
            + $"  {(double)rows * columns * outputs / ours.Median / 1e3,8:F1}  {limit / ours.Median,6:F2}"));
    }
}
