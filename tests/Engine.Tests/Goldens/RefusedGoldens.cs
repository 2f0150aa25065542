namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Goldens whose adapters are refused, each with its reason; every other one is tested.</summary>
internal static class RefusedGoldens
{
    public static readonly string[] Names =
    [
        "doubt-psoft", // Its file lacks the base's singular vectors, whose signs depend on the library that computed them: refused.
    ];
}
