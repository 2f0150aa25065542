using System.Collections.Frozen;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// Activation functions by the names that transformers gives them, in f64, for networks that are run once at load.
/// <b>Errors</b>: Unservable <c>activation</c>.
/// </summary>
internal static class Activations
{
    private const double GeluCubic = 0.044715;
    private const double LeakySlope = 0.01;

    private static readonly FrozenDictionary<string, Func<double, double>> ByName = new Dictionary<string, Func<double, double>>(StringComparer.Ordinal)
    {
        ["linear"] = x => x,
        ["relu"] = x => Math.Max(x, 0),
        ["relu2"] = x => Math.Max(x, 0) * Math.Max(x, 0),
        ["relu6"] = x => Math.Clamp(x, 0, 6),
        ["leaky_relu"] = x => x >= 0 ? x : LeakySlope * x,
        ["sigmoid"] = Sigmoid,
        ["tanh"] = Math.Tanh,
        ["silu"] = Silu,
        ["swish"] = Silu,
        ["gelu_new"] = TanhGelu,
        ["gelu_pytorch_tanh"] = TanhGelu,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static Func<double, double> Find(string name) => ByName.TryGetValue(name, out var found) ? found : throw StoreErrors.Unservable(
        "activation", $"The activation '{AdapterNames.Shorten(name)}' is not served; use one of {string.Join(", ", ByName.Keys.Order(StringComparer.Ordinal))}.");

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double Silu(double x) => x * Sigmoid(x);

    private static double TanhGelu(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (GeluCubic * x * x * x))));
}
