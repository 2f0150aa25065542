using AdapterServe.AdapterStore.Composition;
using AdapterServe.AdapterStore.Composition.Merging;

namespace AdapterServe.Engine.Tests.Goldens;

[Trait("Suite", "Goldens")]
public sealed class MixedGoldenTests(DemoModel demo) : IClassFixture<DemoModel>
{
    private const int Clients = 12;
    private static readonly MixedGolden[] All = MixedGolden.ReadAll();

    public static TheoryData<string> Names => [.. All.Select(mixed => mixed.Name)];

    public static TheoryData<string> NamesOfLoras => [.. MixedGolden.OfLoras().Select(mixed => mixed.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_reference_is_reproduced_by_a_mixture_alone(string name)
    {
        var mixed = All.Single(mixed => mixed.Name == name);
        await using var engine = demo.Start(new EngineOptions());
        foreach (var expected in mixed.Cases)
        {
            await CheckAsync(engine, mixed, expected, scorePrompt: true);
        }
    }

    [Theory]
    [InlineData(7, true, null)]
    [InlineData(64, false, null)]
    [InlineData(16, true, 48)]
    public async Task The_reference_is_reproduced_beside_other_mixtures_and_adapters(int prefillTokens, bool prefixCache, int? blocks)
    {
        await using var engine = demo.Start(new EngineOptions { PrefillTokens = prefillTokens, PrefixCache = prefixCache, KvBlocks = blocks, BlockTokens = blocks is null ? 16 : 4 });
        string[] single = ["base", "pirate-lora", "polite-lora", "doubt-rslora", "pirate-showcase"];
        var work = All.SelectMany(mixed => mixed.Cases.Select(expected => Work(engine, mixed, expected)))
            .Concat(single.SelectMany(name => GoldenFile.Read(name).Cases.Take(4).Select(expected => Work(engine, name, expected)))).ToArray();
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
        Assert.Equal(blocks is not null, engine.Counters.Preemptions > 0);
    }

    [Theory]
    [MemberData(nameof(NamesOfLoras))]
    public async Task A_stored_merge_is_the_same_adapter(string name)
    {
        var mixed = All.Single(mixed => mixed.Name == name);
        var stored = await demo.Storage.Compositions.StoreAsync("default", "stored", await MixtureAsync(mixed), null, TestContext.Current.CancellationToken);
        await using var engine = demo.Start(new EngineOptions());
        var version = demo.Storage.Catalog.Resolve("default", $"stored@{stored.Descriptor.Version}");
        foreach (var expected in mixed.Cases)
        {
            var lease = await demo.Storage.Cache.AcquireAsync(version, TestContext.Current.CancellationToken);
            await GoldenRun.CheckAsync(engine, name, lease, expected, scorePrompt: false);
        }
    }

    private Func<Task> Work(EngineHost engine, MixedGolden mixed, GoldenCase expected) => () => CheckAsync(engine, mixed, expected, scorePrompt: false);

    private Func<Task> Work(EngineHost engine, string name, GoldenCase expected) => () => GoldenRun.CheckAsync(demo, engine, name, expected, scorePrompt: false);

    private async Task CheckAsync(EngineHost engine, MixedGolden mixed, GoldenCase expected, bool scorePrompt)
    {
        var lease = await demo.Storage.Compositions.AcquireAsync(await MixtureAsync(mixed), TestContext.Current.CancellationToken);
        await GoldenRun.CheckAsync(engine, mixed.Name, lease, expected, scorePrompt);
    }

    private async Task<AdapterMixture> MixtureAsync(MixedGolden mixed)
    {
        var parts = await Task.WhenAll(mixed.Adapters.Select(async (name, i) => new MixturePart(name, await demo.ResolveAsync(name), mixed.Weights[i], mixed.WithAbs?[i] ?? true)));
        return new AdapterMixture([.. parts], mixed.Method == "sum" ? null : new MergeOptions(MergeMethod.Find(mixed.Method)!)
        {
            Density = mixed.Density ?? 1,
            SvdRank = mixed.SvdRank,
            ByFrequency = mixed.MajoritySignMethod == "frequency",
        });
    }
}
