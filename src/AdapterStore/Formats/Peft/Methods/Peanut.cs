using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: y += scaling B (Nᵀ x), N = decode(encode(f(Wᵀ Aᵀ))) with the base's W: encoder i gives N ← f(N Eᵢᵀ), decoder i gives N ← f(N Dᵢᵀ) and adds what
/// went into its encoder, the last one first. <b>Shapes</b>: A [R, O], B [O, R], E and D [R, R], N [H, R]. <b>Source</b>: PEFT, tuners/peanut.
/// </summary>
internal sealed class Peanut : IPeftMethod
{
    private const int MaxDepth = 16;

    public string Type => "PEANUT";

    public string Forms => "low_rank, dense";

    public string Note => "with the base's weights; the network runs once at load";

    public ImmutableArray<string> Options => ["r", "depth", "act_fn", "scaling", "init_weights"];

    public ImmutableArray<string> Parts { get; } =
    [
        "peanut_A.weight", "peanut_B.weight",
        .. Enumerable.Range(0, MaxDepth).SelectMany(i => (string[])[$"peanut_encoders.{i}.weight", $"peanut_decoders.{i}.weight"]),
    ];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var (rank, depth, scaling) = (adapter.Rank(), adapter.Config.IntOr("depth", 0), adapter.Config.NumberOr("scaling", 1));
        if (depth is < 0 or > MaxDepth)
        {
            throw PeftAdapter.OutOfRange("depth");
        }

        var activation = Activations.Find(adapter.Config.Text("act_fn") ?? "relu");
        return module =>
        {
            var site = module.Site;
            var (a, b) = (module.Part("peanut_A.weight", rank, site.OutFeatures), module.Part("peanut_B.weight", site.OutFeatures, rank));
            ImmutableArray<SafetensorsTensor> encoders = [.. Enumerable.Range(0, depth).Select(i => module.Part($"peanut_encoders.{i}.weight", rank, rank))];
            ImmutableArray<SafetensorsTensor> decoders = [.. Enumerable.Range(0, depth).Select(i => module.Part($"peanut_decoders.{i}.weight", rank, rank))];
            return MadeTensors.Smaller(site, [a, b, .. encoders, .. decoders], rank, values => new Factors(
                Array.ConvertAll(values.Read(b), value => scaling * value), Network(values, site, rank, a, encoders, decoders, activation)));
        };
    }

    /// <summary>Nᵀ, [R, H]: kept turned, so that each layer is a product with the weight on the left.</summary>
    private static double[] Network(
        TensorValues values, Site site, int rank, SafetensorsTensor a, ImmutableArray<SafetensorsTensor> encoders, ImmutableArray<SafetensorsTensor> decoders, Func<double, double> activation)
    {
        var weight = Array.ConvertAll(values.BaseWeight(site), value => (double)value);
        var hidden = Layer(values.Read(a), weight, site.OutFeatures);
        var residuals = new Stack<double[]>();
        foreach (var encoder in encoders)
        {
            residuals.Push(hidden);
            hidden = Layer(values.Read(encoder), hidden, rank);
        }

        foreach (var decoder in decoders)
        {
            hidden = Layer(values.Read(decoder), hidden, rank);
            DoubleMatrix.AddScaled(hidden, 1, residuals.Pop());
        }

        return hidden;

        double[] Layer(double[] layer, double[] input, int inner) => Array.ConvertAll(DoubleMatrix.Multiply(layer, input, rank, inner, site.InFeatures), value => activation(value));
    }
}
