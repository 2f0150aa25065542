namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>Goldens whose adapters no reader takes yet; every other one is tested.</summary>
internal static class NotYetServed
{
    public static readonly string[] Names =
    [
        "doubt-mora",
        "doubt-oft",
        "doubt-psoft",
        "markdown-splora",
        "pirate-boft",
        "pirate-hydra",
        "polite-road",
        "robot-osf",
        "robot-road4",
    ];
}
