using System.Globalization;
using AdapterServe.Bench.Kernels;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Bench.Products;

/// <summary>ONNX Runtime's matrix products over quantised weights against its f32 one, in turn in one run.</summary>
internal static class ProductBenchmark
{
    private const long Footprint = 96L << 20;

    private static readonly ProductVariant[] Variants =
    [
        new("f32", 32),
        new("int4", 4),
        new("int4-zero", 4, HasZeroPoints: true),
        new("int4-bias", 4, HasBias: true),
        new("int4-128", 4, Block: 128),
        new("int4-acc1", 4, Accuracy: 1),
        new("int8", 8),
        new("int8-zero", 8, HasZeroPoints: true),
        new("int8-128", 8, Block: 128),
    ];

    public static int Run(string[] args)
    {
        var threads = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 2;
        var folder = Directory.CreateTempSubdirectory("adapterserve-products-").FullName;
        try
        {
            using var environment = new OrtEnvironment();
            Console.WriteLine($"{threads} threads; µs a product, median of the rounds; in brackets the speed-up over f32");
            Console.WriteLine("in → out      rows  " + string.Join("  ", Variants.Select(variant => $"{variant.Name,-16}")));
            foreach (var (columns, rows) in new[] { (896, 4864), (4864, 896), (896, 896) })
            {
                Measure(environment, columns, rows, threads, folder);
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Measure(OrtEnvironment environment, int columns, int rows, int threads, string folder)
    {
        var copies = (int)(Footprint / ((long)columns * rows / 2));
        var sessions = Array.ConvertAll(
            Variants, variant => new ProductSession(environment, variant, columns, rows, Copies(variant, copies), threads, folder));
        foreach (var tokens in new[] { 1, 8, 32, 512 })
        {
            using var input = sessions[0].Input(tokens);
            var rounds = tokens > 32 ? 3 : 9;
            var times = Timing.Interleave(rounds, Array.ConvertAll<ProductSession, Action>(sessions, session => () => session.Run(input)));
            var each = times.Zip(Variants, (time, variant) => time.Median / Copies(variant, copies)).ToArray();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{columns,4} → {rows,4}  {tokens,6}  ")
                + string.Join("  ", each.Select(time => string.Create(CultureInfo.InvariantCulture, $"{time,7:F0} ({each[0] / time,4:F1})  "))));
        }

        Array.ForEach(sessions, session => session.Dispose());
    }

    private static int Copies(ProductVariant variant, int copies) => variant.Bits == 32 ? Math.Max(1, copies / 4) : copies;
}
