namespace AdapterServe.Engine.Tests;

/// <summary>Every tolerance of this project's tests, with its derivation.</summary>
internal static class Tolerances
{
    /// <summary>
    /// Greatest |difference| of a log-probability to the reference's float32 run. The reference itself differs from a float64 run by up to 2.3e-5;
    /// the recommendation that comes with the goldens for a float32 re-implementation is 1e-4.
    /// </summary>
    public const double GoldenLogProb = 1e-4;

    /// <summary>
    /// The same for the families' goldens, as their README recommends: weights are random and logits larger, so that float32 noise reaches 2e-5 before another
    /// order of summation adds its own.
    /// </summary>
    public const double FamilyLogProb = 5e-4;


    /// <summary>
    /// Log-probabilities where products round their input to 8 bits: two f32 sums that differ in their last bit may round to other codes, which later tokens then carry on. What comes
    /// with the goldens: f32 arithmetic on the same 4-bit weights, which rounds nothing, differs by up to 0.026 from the rounding kernel's.
    /// </summary>
    public const double RoundedActivations = 0.026;

    /// <summary>
    /// The same with keys and values in bf16: each is off by up to 2^-9 of itself, attention averages that over its positions, and four layers with residual streams of
    /// like size pass on some tens of 2^-9 of a logit's scale of about 5 at most: 0.1. A wrong row or a lost half of a number is off by whole units.
    /// </summary>
    public const double HalfPrecisionKeys = 0.1;

    /// <summary>
    /// The same with keys and values in 8 bits: each is off by up to 1/254 of the largest of its row, twice what bf16 takes from that one.
    /// </summary>
    public const double Int8Keys = 2 * HalfPrecisionKeys;

    /// <summary>
    /// A log-probability is rounded to float once, at magnitudes up to 64 in these tests: half a unit in the last place is 2^-19 ≈ 2e-6.
    /// </summary>
    public const double LogProbability = 4e-6;

    /// <summary>
    /// Quantile 1 − 1e-6 of the standard normal: Wilson and Hilferty's approximation turns it into the chi-square bound for any degrees of freedom.
    /// A right sampler with the tests' fixed seeds is checked some tens of times, so a false alarm has a chance below 1e-4, once and for all.
    /// </summary>
    public const double ChiSquareNormalQuantile = 4.75;

    /// <summary>
    /// Log-probabilities of the demo model against its goldens, which another f32 implementation computed: the bound that the demo data's README recommends;
    /// two orders of summation differ by some 1e-5 after four layers.
    /// </summary>
    public const double GoldenLogProbability = 1e-4;

    /// <summary>
    /// Logits of a two-layer model in f32 against f64, relative to the row's largest: sums of at most 20 terms in 15 products, each rounded to 2^-24,
    /// grow by the residual stream's condition, here well under 100: 15 · 20 · 6e-8 ≈ 2e-5.
    /// </summary>
    public const double TinyLogits = 2e-5;

    /// <summary>
    /// Mean |difference| of the demo model's log-probabilities when every linear's input is rounded to 8 bits, a scale for each block: what comes with the demo data
    /// states up to 0.026 for single ones; a mean of half that allows for blocks of 128.
    /// </summary>
    public const double EightBitInputs = 0.013;

    /// <summary>
    /// Mean |difference| of log-probabilities over their own mean deviation, of models with random weights in 8 bits. A product rounds either side to a 127th of its block's extreme,
    /// some 2.2 standard deviations: 2.2 / 127 / √12 = 0.5 % each, 0.7 % of the output; 25 of them in a chain add as squares to 3.5 %, and this is three times that.
    /// </summary>
    public const double FamilyIn8Bits = 0.1;

    /// <summary>
    /// Mean |difference| of the demo model's log-probabilities in 8 bits, its adapters included: the base's own is 0.004, and adapters that scale activations (IA3) make up to six times that of it.
    /// Leaving an adapter out changes ten times as much.
    /// </summary>
    public const double DemoIn8Bits = 0.05;

    /// <summary>
    /// Mean |difference| of log-probabilities over what the adapters change of them, when low-rank factors are held in fewer bits. The product of
    /// trained factors is off by 0.2 % in bf16, by 0.6 to
    /// 1.2 % in int8 and by 65 to 80 % in one bit, and where its rows' errors don't cancel a change of a log-probability is off by as much; five
    /// times that for ranks that gates choose
    /// otherwise and for products of factors that nearly cancel, and in one bit no more than leaving the adapter out.
    /// </summary>
    public static double HeldInFewerBits(AdapterStore.AdapterWeightFormat format) => format switch
    {
        AdapterStore.AdapterWeightFormat.BF16 => 0.01,
        AdapterStore.AdapterWeightFormat.Int8 => 0.06,
        _ => 1,
    };

    /// <summary>Half a unit in the last place of a float just below 1.</summary>
    public const double RotaryTable = 3e-8;

    /// <summary>
    /// Two products whose rows were rounded to 8 bits by the same rule differ by the order of their sums in f32, of at most 28 groups: 28 · 3 · 6e-8 ≈ 5e-6 of
    /// the sum of magnitudes, which for random signs is a few times the largest output.
    /// </summary>
    public const double BlockProductOrder = 1e-5;

    /// <summary>How much larger the sum of squared errors may be for that order: errors of rounding to 8 bits are some 1e-3, the order moves them by 1e-6, both ways.</summary>
    public const double BlockProductErrors = 1.01;
}
