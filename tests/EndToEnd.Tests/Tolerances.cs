namespace AdapterServe.EndToEnd.Tests;

/// <summary>Every tolerance of this project's tests, with its derivation.</summary>
internal static class Tolerances
{
    /// <summary>
    /// Greatest |difference| of a log-probability to the reference's float32 run. The reference itself differs from a float64 run by up to 2.3e-5;
    /// the recommendation that comes with the goldens for a float32 re-implementation is 1e-4.
    /// </summary>
    public const double GoldenLogProb = 1e-4;

    /// <summary>Of a component of a vector of norm 1: float32 noise of the hidden states, as it reaches the log-probabilities, which sum such components.</summary>
    public const double EmbeddingComponent = 1e-5;

    /// <summary>
    /// Of a log-probability computed from a state whose length is known up to the norm's epsilon: that scales logits, which differ by up to 20, by up to 1e-5, beside <see cref="GoldenLogProb"/>.
    /// </summary>
    public const double StateLogProb = 3e-4;

    /// <summary>An idle server ends within this after SIGTERM: the documented limit.</summary>
    public static readonly TimeSpan IdleStop = TimeSpan.FromSeconds(10);

    /// <summary>A built tree is ready within this: the documented limit.</summary>
    public static readonly TimeSpan Ready = TimeSpan.FromSeconds(60);

    /// <summary>Any hostile request is answered within this: the documented limit.</summary>
    public static readonly TimeSpan HostileAnswer = TimeSpan.FromSeconds(10);

    /// <summary>The families' goldens: random weights with larger logits, where float32 noise reaches 2e-5 before another order of summation adds its own.</summary>
    public const double FamilyLogProbability = 5e-4;
}
