using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AdapterServe.Engine.Tests.Goldens;

[Trait("Suite", "Goldens")]
public sealed class GoldenTests(DemoModel demo) : IClassFixture<DemoModel>
{
    private const int Clients = 12;

    public static TheoryData<string> Names => [.. DemoModel.AdapterNames.Prepend("base")];

    /// <summary>Prefill tokens, prefix cache, threads, KV blocks (null: enough).</summary>
    public static TheoryData<int, bool, int, int?> Engines => new()
    {
        { 1, true, 2, null }, { 7, true, 1, null }, { 7, false, 2, null }, { 64, true, 2, null }, { 64, false, 1, null }, { 16, true, 2, 48 },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_reference_is_reproduced_by_an_adapter_alone(string name)
    {
        await using var engine = demo.Start(new EngineOptions());
        foreach (var expected in GoldenFile.Read(name).Cases)
        {
            await GoldenRun.CheckAsync(demo, engine, name, expected, scorePrompt: true);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task The_reference_is_reproduced_by_twelve_clients_at_once_in_random_order(int prefillTokens, bool prefixCache, int threads, int? blocks)
    {
        await using var engine = demo.Start(new EngineOptions { PrefillTokens = prefillTokens, PrefixCache = prefixCache, Threads = threads, KvBlocks = blocks, BlockTokens = blocks is null ? 16 : 4 });
        var random = new Random(prefillTokens + threads);
        var work = Names.Select(row => row.Data).SelectMany(name => GoldenFile.Read(name).Cases.Select(expected => (Name: name, Case: expected))).ToArray();
        random.Shuffle(work);
        var next = -1;

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            for (var i = Interlocked.Increment(ref next); i < work.Length; i = Interlocked.Increment(ref next))
            {
                await GoldenRun.CheckAsync(demo, engine, work[i].Name, work[i].Case, scorePrompt: i % 3 == 0);
            }
        })));

        Assert.Equal(engine.Counters.TotalBlocks, engine.Counters.FreeBlocks);
        Assert.Equal(0, engine.Counters.FailedSteps);
        Assert.Equal(blocks is not null, engine.Counters.Preemptions > 0);
    }

    [Fact]
    public async Task The_reference_is_reproduced_with_guessed_tokens()
    {
        await using var engine = demo.Start(new EngineOptions { SpeculativeTokens = 4, SpeculativeSequences = Clients });
        await Task.WhenAll(Names.Select(row => row.Data).SelectMany(name => GoldenFile.Read(name).Cases.Select(expected =>
            GoldenRun.CheckAsync(demo, engine, name, expected, scorePrompt: false))));

        Assert.Equal(0, engine.Counters.FailedSteps);
        Assert.True(engine.Counters.HeldDrafts > 0);
    }

    [Fact]
    public void The_instruction_sets_are_those_that_the_environment_asks_for()
    {
        var without = (string name) => Environment.GetEnvironmentVariable(name) == "0";
        Assert.False(without("DOTNET_EnableAVX512") && Avx512F.IsSupported);
        Assert.False(without("DOTNET_EnableAVX2") && Avx2.IsSupported);
        Assert.False(without("DOTNET_EnableHWIntrinsic") && Vector128.IsHardwareAccelerated);
    }
}
