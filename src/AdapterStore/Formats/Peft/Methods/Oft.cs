using System.Collections.Immutable;
using System.Globalization;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y = W R x, R block-diagonal: x' = x R_k in each run of b inputs, R_k the Cayley transform of the skew matrix Q_k whose upper triangle the file
/// holds, exactly or by a Neumann series as the configuration says; with <c>coft</c> Q_k is first brought to a length of at most eps / √blocks.
/// <b>Shapes</b>: oft_R [blocks, b (b - 1) / 2], one block for all with <c>block_share</c>. <b>Source</b>: PEFT, tuners/oft.
/// </summary>
internal sealed class Oft : IPeftMethod
{
    private const string Part = "oft_R.weight";
    private const int MaxTerms = 64;

    public string Type => "OFT";

    public string Forms => "input_rotation";

    public string Note => "of PEFT 0.18 or later";

    public ImmutableArray<string> Options =>
        ["r", "oft_block_size", "module_dropout", "init_weights", "coft", "eps", "block_share", "use_cayley_neumann", "num_cayley_neumann_terms"];

    public ImmutableArray<string> Parts => [Part];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var config = adapter.Config;
        RequireSameFormula(config);
        var (count, size) = (config.RequiredInt("r"), config.RequiredInt("oft_block_size"));
        if (count < 0 || size < 0 || count == 0 == (size == 0))
        {
            throw PeftAdapter.OutOfRange(size == 0 ? "r" : "oft_block_size");
        }

        var isShared = config.Flag("block_share");
        double? longest = config.Flag("coft") ? config.NumberOr("eps", 6e-5) : null;
        int? terms = config.Flag("use_cayley_neumann") ? adapter.Positive("num_cayley_neumann_terms", 5) : null;
        if (terms > MaxTerms)
        {
            throw PeftAdapter.OutOfRange("num_cayley_neumann_terms");
        }

        return module => Lower(module, BlockSize(module.Site.InFeatures, count, size), isShared, longest, terms);
    }

    /// <summary>Release 0.18 changed the series; a configuration without the option is older still.</summary>
    private static void RequireSameFormula(ConfigValues config)
    {
        var isExact = config.Find("use_cayley_neumann") is not null && !config.Flag("use_cayley_neumann");
        if (!isExact && (config.Find("use_cayley_neumann") is null || IsBefore018(config.Text("peft_version") ?? string.Empty)))
        {
            throw StoreErrors.Unservable("oft_version", "The file is of a PEFT before 0.18, whose OFT computes something else; train the adapter with PEFT 0.18 or later.");
        }
    }

    private static bool IsBefore018(string version)
    {
        var parts = version.Split('.', 3);
        return parts.Length < 2 || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out var major) || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out var minor)
            || (major == 0 && minor < 18) || version.StartsWith("0.18.0.dev", StringComparison.Ordinal);
    }

    private static InputRotationTensors Lower(PeftModule module, int size, bool isShared, double? longest, int? terms)
    {
        var site = module.Site;
        var stored = isShared ? 1 : site.InFeatures / size;
        var triangle = (long)size * (size - 1) / 2;
        var source = module.Part(Part, stored, triangle);
        return new InputRotationTensors(site, [source], (long)stored * size * size, values =>
        {
            var triangles = values.Read(source);
            var blocks = new double[stored * size * size];
            for (var block = 0; block < stored; block++)
            {
                var vector = triangles.AsSpan((int)(block * triangle), (int)triangle);
                Shorten(vector, longest / Math.Sqrt(stored));
                var skew = Skew(vector, size);
                var rotation = terms is { } count ? Cayley.Series(skew, size, count) : Cayley.Exact(skew, size) ?? throw MadeTensors.NotFinite(site);
                rotation.CopyTo(blocks, block * size * size);
            }

            return [new RotationBlocks(size, blocks)];
        });
    }

    /// <summary>A size, or count, that does not divide the width is moved to the nearest that does, the smaller one of two.</summary>
    private static int BlockSize(int width, int count, int size) => count == 0 ? Nearest(width, size) : width / Nearest(width, count);

    private static int Nearest(int width, int wanted)
    {
        if (wanted >= width)
        {
            return width;
        }

        var (lower, higher) = (wanted, wanted);
        while (width % lower != 0)
        {
            lower--;
        }

        while (width % higher != 0)
        {
            higher++;
        }

        return wanted - lower <= higher - wanted ? lower : higher;
    }

    /// <summary>The whole matrix is √2 times as long as its upper triangle.</summary>
    private static void Shorten(Span<double> triangle, double? longest)
    {
        var sum = 0.0;
        foreach (var value in triangle)
        {
            sum += 2 * value * value;
        }

        var length = Math.Sqrt(sum);
        for (var i = 0; length > longest && i < triangle.Length; i++)
        {
            triangle[i] *= longest.Value / length;
        }
    }

    private static double[] Skew(ReadOnlySpan<double> triangle, int size)
    {
        var matrix = new double[size * size];
        var at = 0;
        for (var row = 0; row < size; row++)
        {
            for (var column = row + 1; column < size; column++, at++)
            {
                matrix[(row * size) + column] = triangle[at];
                matrix[(column * size) + row] = -triangle[at];
            }
        }

        return matrix;
    }
}
