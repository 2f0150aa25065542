using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Composition.Blocks;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Tests.Goldens;

[Trait("Suite", "Goldens")]
public sealed class CompositionGoldenTests(DemoModel demo) : IClassFixture<DemoModel>
{
    private const int Clients = 12;
    private static readonly CompositionGolden[] All = CompositionGolden.ReadAll();

    public static TheoryData<string> Names => [.. All.Select(golden => golden.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_reference_is_reproduced_by_a_composition_alone(string name)
    {
        await using var engine = demo.Start(new EngineOptions());
        await CheckAsync(engine, All.Single(golden => golden.Name == name), scorePrompt: true);
    }

    [Theory]
    [InlineData(7, true, null)]
    [InlineData(64, false, null)]
    [InlineData(16, true, 48)]
    public async Task The_reference_is_reproduced_beside_other_compositions_and_their_adapters_alone(int prefillTokens, bool prefixCache, int? blocks)
    {
        await using var engine = demo.Start(new EngineOptions { PrefillTokens = prefillTokens, PrefixCache = prefixCache, KvBlocks = blocks, BlockTokens = blocks is null ? 16 : 4 });
        foreach (var adapter in All.SelectMany(golden => golden.Children.Append(golden.Fusion ?? golden.Children[0])).Distinct())
        {
            await demo.ResolveAsync(adapter);
        }

        var single = All.SelectMany(golden => golden.Children).Distinct().Append("base");
        var work = Enumerable.Repeat(All, 2).SelectMany(all => all).Select(golden => (Func<Task>)(() => CheckAsync(engine, golden, golden.Case.GreedyIds.Length == 0)))
            .Concat(single.SelectMany(name => GoldenFile.Read(name).Cases.Take(4).Select(expected => (Func<Task>)(() => GoldenRun.CheckAsync(demo, engine, name, expected, scorePrompt: false)))))
            .ToArray();
        new Random(prefillTokens).Shuffle(work);
        var next = -1;

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            for (var i = Interlocked.Increment(ref next); i < work.Length; i = Interlocked.Increment(ref next))
            {
                await work[i]();
            }
        })));

        Assert.Equal(engine.Counters.TotalBlocks, engine.Counters.FreeBlocks);
        Assert.Equal(0, engine.Counters.FailedSteps);
    }

    private async Task CheckAsync(EngineHost engine, CompositionGolden golden, bool scorePrompt)
    {
        var children = new List<SingleBlock>();
        foreach (var name in golden.Children)
        {
            children.Add(new SingleBlock(name, await demo.ResolveAsync(name)));
        }

        if ($"{golden.Composition["type"]}" == "Split")
        {
            await CheckSplitAsync(engine, golden, children);
            return;
        }

        AdapterBlock block = $"{golden.Composition["type"]}" switch
        {
            "Stack" => new StackBlock([.. children]),
            "Average" => new AverageBlock([.. children], [.. golden.Weights]),
            "Fuse" => new FuseBlock([.. children], new SingleBlock(golden.Fusion!, await demo.ResolveAsync(golden.Fusion!))),
            var type => throw new InvalidOperationException(type),
        };
        await GoldenRun.CheckAsync(engine, golden.Name, await AcquireAsync(block), golden.Case, scorePrompt);
    }

    private async Task CheckSplitAsync(EngineHost engine, CompositionGolden golden, List<SingleBlock> children)
    {
        var later = new List<LaterAdapter>();
        var from = 0;
        for (var i = 1; i < children.Count; i++)
        {
            later.Add(new LaterAdapter(from += golden.Splits[i - 1], await AcquireAsync(new SplitBlock([.. children], i))));
        }

        await GoldenRun.CheckAsync(engine, golden.Name, await AcquireAsync(new SplitBlock([.. children], 0)), golden.Case, scorePrompt: true, [.. later]);
    }

    private Task<AdapterLease> AcquireAsync(AdapterBlock block) => demo.Storage.Compositions.AcquireAsync(block, TestContext.Current.CancellationToken);
}
