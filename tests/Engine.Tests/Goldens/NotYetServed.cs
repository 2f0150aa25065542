namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Goldens whose adapters no reader takes yet; every other one is tested.</summary>
internal static class NotYetServed
{
    public static readonly string[] Names =
    [
        "doubt-hub-dora",
        "doubt-hub-double-seq-bn",
        "doubt-hub-ia3",
        "doubt-hub-mam",
        "doubt-hub-seq-bn-ln",
        "doubt-psoft", // Its file lacks the base's singular vectors, whose signs depend on the library that computed them: refused.
        "french-hub-par-bn",
        "markdown-hub-seq-bn-inv-static",
        "pirate-hub-prefix-flat",
        "pirate-hub-seq-bn",
        "polite-hub-lora",
        "polite-hub-prefix-tuning",
        "polite-hub-seq-bn",
        "robot-hub-adapterplus",
        "robot-hub-compacter",
        "robot-hub-lora",
        "yoda-hub-seq-bn-inv",
    ];
}
