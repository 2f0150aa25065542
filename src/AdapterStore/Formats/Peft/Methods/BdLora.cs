using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// LoRA with one block-diagonal factor, of which the file holds the blocks one below the other.
/// <b>Semantics</b>: y += s B (A x), s as of a plain LoRA. <b>Shapes</b>: A [R, H / N] and B [O, R], or A [R, H] and B [O, R / N]. <b>Source</b>: PEFT, tuners/lora, BD-LoRA.
/// </summary>
internal sealed class BdLora : IPeftMethod
{
    private const string Option = "use_bdlora";

    public string Type => "LORA";

    public string Kind => "bdlora";

    string? IPeftMethod.Option => Option;

    public string Forms => "low_rank, dense";

    public string Note => "the blocks are spread over the whole factor";

    public ImmutableArray<string> Options => [];

    public ImmutableArray<string> Parts => ["lora_A.weight", "lora_B.weight"];

    public bool Recognises(ConfigValues config) => config.Text("peft_type") == Type && config.IsMeaningful(Option);

    public void RequireServable(ConfigValues config, BaseModel baseModel)
    {
        LoraOptions.RequireServable(config);
        if (config.Flag("use_dora") || config.Flag("lora_bias"))
        {
            throw StoreErrors.Unservable("unknown_option", $"{Option} is not served together with use_dora or lora_bias.");
        }

        foreach (var key in (ReadOnlySpan<string>)["modules_to_save", "trainable_token_indices", "ensure_weight_tying"])
        {
            if (config.IsMeaningful(key))
            {
                throw StoreErrors.Unservable("modules_to_save", $"Whole modules and token rows beside an adapter of this type are not served yet; train without {key}.");
            }
        }

        if (config.Text("bias") is not (null or "none"))
        {
            throw StoreErrors.Unservable("bias", "Trained biases of the base beside an adapter of this type are not served yet; train with bias=\"none\".");
        }
    }

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var manifest = LoraManifestReader.Read(adapter.Config);
        var blocks = adapter.Config.Object(Option);
        var count = blocks.RequiredInt("nblocks");
        if (count < 1)
        {
            throw PeftAdapter.OutOfRange("nblocks");
        }

        var (inA, inB) = (blocks.Texts("target_modules_bd_a"), blocks.Texts("target_modules_bd_b"));
        return module =>
        {
            var leaf = module.Site.Path[(module.Site.Path.LastIndexOf('.') + 1)..];
            var (diagonalA, diagonalB) = (IsNamed(leaf, inA), IsNamed(leaf, inB));
            if (diagonalA && diagonalB)
            {
                throw StoreErrors.Unservable("option_range", $"{Option} makes both factors of '{module.Site.Path}' block-diagonal.");
            }

            var rank = manifest.RankOf(module.Site.Path, adapter.Budget);
            return Lower(module, rank, manifest.ScaleOf(module.Site.Path, rank, adapter.Budget), diagonalA ? count : 1, diagonalB ? count : 1);
        };
    }

    private static bool IsNamed(string leaf, ImmutableArray<string> parts) => parts.Any(part => leaf.Contains(part, StringComparison.Ordinal));

    private static SiteTensors Lower(PeftModule module, int rank, double scale, int blocksA, int blocksB)
    {
        var site = module.Site;
        if (site.InFeatures % blocksA != 0 || site.OutFeatures % blocksB != 0 || rank % blocksA != 0 || rank % blocksB != 0)
        {
            throw PeftAdapter.OutOfRange("nblocks");
        }

        var a = module.Part("lora_A.weight", rank, site.InFeatures / blocksA);
        var b = module.Part("lora_B.weight", site.OutFeatures, rank / blocksB);
        return MadeTensors.Smaller(site, [a, b], rank, values => new Factors(
            Spread(values.Read(b), site.OutFeatures, rank, blocksB, scale), Spread(values.Read(a), rank, site.InFeatures, blocksA, 1)));
    }

    /// <summary>Blocks one below the other → on the diagonal of [rows, columns].</summary>
    private static double[] Spread(double[] blocks, int rows, int columns, int count, double scale)
    {
        var whole = new double[rows * columns];
        var width = columns / count;
        for (var row = 0; row < rows; row++)
        {
            DoubleMatrix.AddScaled(whole.AsSpan((row * columns) + (row / (rows / count) * width), width), scale, blocks.AsSpan(row * width, width));
        }

        return whole;
    }
}
