using System.Collections.Immutable;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.KvCache;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.Tests.Scheduling;

/// <summary>An engine loop over <see cref="BlockMemoryRunner"/>, stepped by the test itself.</summary>
internal sealed class LoopFixture : IDisposable
{
    public const int Vocabulary = 97;
    private readonly RequestQueue _queue;
    private readonly GenerationNotifier _notifier;

    public LoopFixture(int blocks, EngineOptions options, ImmutableArray<int> endIds = default)
    {
        Options = options;
        Pool = new BlockPool(blocks, options.BlockTokens);
        Runner = new BlockMemoryRunner(Pool, Vocabulary);
        _queue = new RequestQueue(options.MaxInFlight);
        _notifier = new GenerationNotifier(options.MaxSequences);
        Counters = new EngineCounters { TotalBlocks = blocks };
        Loop = new EngineLoop(Runner, options, Pool, _queue, _notifier, Counters);
        Client = new EngineClient(_queue, new ModelLimits(blocks * options.BlockTokens, Vocabulary, endIds.IsDefault ? [] : endIds), options);
    }

    public EngineOptions Options { get; }

    public BlockPool Pool { get; }

    public BlockMemoryRunner Runner { get; }

    public EngineCounters Counters { get; }

    public EngineLoop Loop { get; }

    public EngineClient Client { get; }

    public RequestQueue Queue => _queue;

    public static AdapterWeights Adapter(string digest) => new(digest, [], new WeightArena());

    public static AdapterWeights Adapter(string digest, VirtualTokenKind kind, int count)
    {
        var arena = new WeightArena();
        return new AdapterWeights(digest, [], arena) { VirtualTokens = new VirtualTokens(kind, RowTable.Pack(arena, count, 1, new float[count])) };
    }

    public static AdapterWeights Activated(string digest, params int[] invocation) => new(digest, [], new WeightArena()) { InvocationTokens = [.. invocation] };

    /// <summary>What follows a beginning of which each token has an adapter of its own; the last one generates.</summary>
    public static int[] ExpectedTokens(IEnumerable<(int Token, string? Adapter)> beginning, int count)
    {
        var tokens = beginning.ToList();
        var length = tokens.Count;
        for (var i = 0; i < count; i++)
        {
            tokens.Add((BlockMemoryRunner.Expected(tokens, Vocabulary), tokens[^1].Adapter));
        }

        return [.. tokens.Skip(length).Select(token => token.Token)];
    }

    /// <summary>An adapter's virtual tokens as a sequence holds them.</summary>
    public static IEnumerable<(int Token, string? Adapter)> Virtual(AdapterWeights adapter) =>
        Enumerable.Range(0, adapter.VirtualTokens!.Count).Select(i => (~i, (string?)adapter.Digest));

    public static int[] ExpectedTokens(int[] prompt, int count, string? adapter)
    {
        var tokens = prompt.ToList();
        for (var i = 0; i < count; i++)
        {
            tokens.Add(BlockMemoryRunner.Expected(tokens.ToArray(), adapter, Vocabulary));
        }

        return tokens.Skip(prompt.Length).ToArray();
    }

    public static int[] TokensOf(Generation generation) => Enumerable.Range(0, generation.TokenCount).Select(generation.TokenAt).ToArray();

    public Generation Submit(int[] prompt, int maxTokens, AdapterWeights? adapter = null, Action? onRelease = null, string tenant = "default", double weight = 1, int priority = 0, int tenantPriority = 0,
        SamplingParameters? sampling = null) =>
        Client.Submit(new GenerationRequest
        {
            Tenant = tenant,
            TenantWeight = weight,
            Priority = priority,
            TenantPriority = tenantPriority,
            PromptTokens = prompt,
            MaxTokens = maxTokens,
            Sampling = sampling ?? SamplingParameters.Greedy,
            Adapter = adapter is null ? null : new AdapterLease(adapter, onRelease ?? (() => { })),
        });

    /// <summary>Steps until nothing is left to do; every step keeps the pool's laws.</summary>
    public int RunToEnd(int mostSteps = 100_000)
    {
        var steps = 0;
        while (!Loop.IsIdle)
        {
            Loop.Step();
            Pool.CheckLaws();
            Assert.True(++steps <= mostSteps, "the loop does not come to an end");
        }

        return steps;
    }

    public void Dispose()
    {
        _notifier.Dispose();
        _queue.Dispose();
    }
}
