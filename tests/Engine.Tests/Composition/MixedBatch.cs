using FsCheck;

namespace AdapterServe.Engine.Tests.Composition;

/// <summary>A request of a random batch.</summary>
/// <param name="Mixture">The adapters that act together; none is the base.</param>
/// <param name="Prompt">Token ids.</param>
/// <param name="MaxTokens">How many follow.</param>
/// <param name="StepsBefore">Steps that the engine makes before the request comes.</param>
internal sealed record MixedRequest((string Name, double Weight)[] Mixture, int[] Prompt, int MaxTokens, int StepsBefore)
{
    public string Key => $"{string.Join('+', Mixture)} on {string.Join(' ', Prompt)}, {MaxTokens}";

    public override string ToString() => $"[{Key} after {StepsBefore}]";
}

/// <summary>Requests in the order in which they come, for one of several engines.</summary>
internal sealed record MixedBatch(int Engine, MixedRequest[] Requests)
{
    private static readonly string[] s_sums = [.. MadeAdapter.All.Where(adapter => adapter.IsSum).Select(adapter => adapter.Name)];
    private static readonly string[] s_others = [.. MadeAdapter.All.Where(adapter => !adapter.IsSum).Select(adapter => adapter.Name)];

    public static Gen<MixedBatch> Any(int engines) =>
        from engine in Gen.Choose(0, engines - 1)
        from count in Gen.Choose(2, 8)
        from requests in Gen.ArrayOf(count, Request())
        select new MixedBatch(engine, requests);

    public override string ToString() => $"engine {Engine}: {string.Join(", ", (object[])Requests)}";

    private static Gen<MixedRequest> Request() =>
        from mixture in Mixture()
        from length in Gen.Choose(1, 12)
        from prompt in Gen.ArrayOf(length, Gen.Choose(0, Models.TinyCheckpoint.Vocabulary - 1))
        from tokens in Gen.Choose(1, 6)
        from steps in Gen.Choose(0, 3)
        select new MixedRequest(mixture, prompt, tokens, steps);

    private static Gen<(string, double)[]> Mixture() =>
        from kind in Gen.Choose(0, 5)
        from sums in Gen.ArrayOf(kind is 0 or 1 ? 1 : kind is 2 or 3 ? 2 : 3, Gen.Elements(s_sums))
        from weights in Gen.ArrayOf(3, Gen.Elements(-0.5, 0.25, 1, 1.5))
        from other in Gen.Elements(s_others)
        select kind switch
        {
            0 => [],
            1 => [(other, 1)],
            _ => sums.Zip(weights).ToArray(),
        };
}
