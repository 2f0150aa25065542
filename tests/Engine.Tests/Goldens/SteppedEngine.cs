using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Execution;
using AdapterServe.Engine.KvCache;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>A model's engine without a thread of its own: the test decides when a step happens, so two runs have the same steps.</summary>
internal sealed class SteppedEngine : IDisposable
{
    private const int DemoBlocks = 256;
    private readonly OrtStepRunner _runner;
    private readonly RequestQueue _queue;
    private readonly GenerationNotifier _notifier;
    private readonly EngineLoop _loop;
    private readonly EngineClient _client;

    public SteppedEngine(DemoModel demo, EngineOptions options)
        : this(demo.Environment, demo.Model, options, DemoBlocks)
    {
    }

    public SteppedEngine(OrtEnvironment environment, ImportedModel model, EngineOptions options, int blocks)
    {
        var shape = model.Shape;
        var pool = new BlockPool(blocks, options.BlockTokens);
        _runner = new OrtStepRunner(environment, model, options, blocks);
        _queue = new RequestQueue(options.MaxInFlight);
        _notifier = new GenerationNotifier(options.MaxSequences);
        Counters = new EngineCounters { TotalBlocks = blocks };
        _loop = new EngineLoop(_runner, options, pool, _queue, _notifier, Counters);
        _client = new EngineClient(_queue, new ModelLimits(shape.ContextTokens, shape.VocabularySize, shape.EosTokenIds) { LongRotation = shape.LongRotation }, options);
    }

    public EngineCounters Counters { get; }

    public Generation Submit(int[] prompt, int maxTokens, AdapterLease? adapter, int logProbs = 5) => _client.Submit(new GenerationRequest
    {
        Tenant = "default",
        PromptTokens = prompt,
        MaxTokens = maxTokens,
        Adapter = adapter,
        Sampling = SamplingParameters.Greedy with { IgnoreEos = true },
        LogProbs = logProbs,
    });

    public Generation Submit(GenerationRequest request) => _client.Submit(request);

    public void Step() => _loop.Step();

    public void RunToEnd()
    {
        while (!_loop.IsIdle)
        {
            _loop.Step();
        }
    }

    public void Dispose()
    {
        _notifier.Dispose();
        _runner.Dispose();
        _queue.Dispose();
    }
}
