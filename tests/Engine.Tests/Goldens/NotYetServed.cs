namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Goldens whose adapters no reader takes yet; every other one is tested.</summary>
internal static class NotYetServed
{
    public static readonly string[] Names =
    [
        "brief-lora-tokens",
        "doubt-lora-embed",
        "doubt-mora",
        "doubt-oft",
        "doubt-psoft",
        "doubt-supertuning-supra",
        "french-causal-convolution",
        "french-peanut",
        "json-lora-lm-head",
        "markdown-lora-head",
        "markdown-splora",
        "multi-mhr-pirate",
        "multi-mhr-polite",
        "multi-mhr-shout",
        "pirate-1bit-lora",
        "pirate-boft",
        "pirate-hydra",
        "pirate-supertuning",
        "polite-adaption-prompt",
        "polite-frod",
        "polite-lt-sft",
        "polite-mhr-z",
        "polite-road",
        "polite-robot-multitask-prompt.task0",
        "polite-robot-multitask-prompt.task1",
        "robot-1bit-adaptformer",
        "robot-glora",
        "robot-mosa",
        "robot-osf",
        "robot-road4",
        "robot-tokens",
        "shout-lora-embed-head",
        "shout-lt-sft",
        "yoda-compressed-delta",
    ];
}
