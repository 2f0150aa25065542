namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Goldens whose adapters no reader takes yet; every other one is tested.</summary>
internal static class NotYetServed
{
    public static readonly string[] Names =
    [
        "brief-lora-tokens",
        "doubt-hub-dora",
        "doubt-hub-double-seq-bn",
        "doubt-hub-ia3",
        "doubt-hub-mam",
        "doubt-hub-seq-bn-ln",
        "doubt-lora-embed",
        "doubt-p-tuning",
        "doubt-prefix",
        "doubt-psoft",
        "french-cartridge",
        "french-causal-convolution",
        "french-hub-par-bn",
        "json-lora-lm-head",
        "markdown-hub-seq-bn-inv-static",
        "markdown-lora-head",
        "pirate-1bit-lora",
        "pirate-alora",
        "pirate-hub-prefix-flat",
        "pirate-hub-seq-bn",
        "polite-adaption-prompt",
        "polite-cpt",
        "polite-hub-lora",
        "polite-hub-prefix-tuning",
        "polite-hub-seq-bn",
        "polite-lt-sft",
        "polite-prompt",
        "polite-robot-multitask-prompt.task0",
        "polite-robot-multitask-prompt.task1",
        "robot-1bit-adaptformer",
        "robot-hub-adapterplus",
        "robot-hub-compacter",
        "robot-hub-lora",
        "robot-mosa",
        "robot-osf",
        "robot-prefix-mlp",
        "robot-tokens",
        "shout-lora-embed-head",
        "shout-lt-sft",
        "yoda-hub-seq-bn-inv",
    ];
}
