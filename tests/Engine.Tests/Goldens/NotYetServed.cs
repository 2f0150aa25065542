namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Goldens whose adapters no reader takes yet; every other one is tested.</summary>
internal static class NotYetServed
{
    public static readonly string[] Names =
    [
        "doubt-mora",
        "doubt-oft",
        "doubt-psoft",
        "french-causal-convolution",
        "markdown-splora",
        "pirate-1bit-lora",
        "pirate-boft",
        "pirate-hydra",
        "polite-adaption-prompt",
        "polite-lt-sft",
        "polite-road",
        "robot-1bit-adaptformer",
        "robot-mosa",
        "robot-osf",
        "robot-road4",
        "shout-lt-sft",
    ];
}
