using AdapterServe.Engine.Execution;
using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.KvCache;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Kernels.Simd;
using AdapterServe.OnnxRuntime;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine;

/// <summary>
/// A running engine: its thread and everything that lives as long as that. <b>Effects</b>: the thread starts with the object and ends by <see cref="StopAsync"/>.
/// </summary>
public sealed class EngineHost : IAsyncDisposable
{
    private readonly IStepRunner _runner;
    private readonly IDisposable? _owned;
    private readonly EngineLoop _loop;
    private readonly RequestQueue _queue;
    private readonly GenerationNotifier _notifier;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private volatile bool _stopping;
    private volatile bool _abandon;

    internal EngineHost(IStepRunner runner, ModelLimits limits, EngineOptions options, int totalBlocks, IDisposable? owned = null)
    {
        var pool = new BlockPool(totalBlocks, options.BlockTokens);
        _runner = runner;
        _owned = owned;
        _queue = new RequestQueue(options.MaxInFlight);
        _notifier = new GenerationNotifier(options.MaxSequences);
        Counters = new EngineCounters { TotalBlocks = totalBlocks };
        _loop = new EngineLoop(runner, options, pool, _queue, _notifier, Counters);
        Fused = new FusedMode(_queue, runner.Fusable);
        Client = new EngineClient(_queue, limits with { SequenceTokens = Math.Min(limits.SequenceTokens, totalBlocks * options.BlockTokens) }, options);
        _thread = new Thread(Run) { IsBackground = true, Name = "adapterserve-engine" };
        _thread.Start();
    }

    /// <summary>The instruction set that the kernels compute with on this machine.</summary>
    public static string InstructionSet => SimdSupport.Path.ToString();

    /// <summary>Finds and loads ONNX Runtime's library and returns its path. <b>Errors</b>: <see cref="EngineStartException"/>.</summary>
    public static string LoadLibrary()
    {
        try
        {
            using var environment = new OrtEnvironment();
            return environment.LibraryPath;
        }
        catch (Exception failure) when (failure is OnnxRuntimeException or DllNotFoundException)
        {
            throw new EngineStartException(failure.Message, failure);
        }
    }

    /// <summary>
    /// Starts an engine on an imported model, which must live as long as the engine.
    /// <b>Errors</b>: <see cref="EngineStartException"/> when ONNX Runtime's library is missing or refuses the model.
    /// </summary>
    public static EngineHost Start(ImportedModel model, EngineOptions options)
    {
        OrtEnvironment? environment = null;
        try
        {
            environment = new OrtEnvironment();
            return Start(environment, model, options, environment);
        }
        catch (Exception failure) when (failure is OnnxRuntimeException or DllNotFoundException)
        {
            environment?.Dispose();
            throw new EngineStartException(failure.Message, failure);
        }
        catch
        {
            environment?.Dispose();
            throw;
        }
    }

    /// <summary>The same in an environment that outlives the engine, unless <paramref name="owned"/> hands it over.</summary>
    internal static EngineHost Start(OrtEnvironment environment, ImportedModel model, EngineOptions options, IDisposable? owned = null)
    {
        var shape = model.Shape;
        var totalBlocks = options.KvBlocks ?? (int)Math.Clamp(options.KvCacheBytes / (shape.KvBytesPerToken * options.BlockTokens), 1, int.MaxValue);
        var limits = new ModelLimits(shape.ContextTokens, shape.VocabularySize, shape.EosTokenIds) { LongRotation = shape.LongRotation, HiddenSize = shape.HiddenSize };
        return new EngineHost(new OrtStepRunner(environment, model, options, totalBlocks), limits, options, totalBlocks, owned);
    }

    public EngineClient Client { get; }

    public EngineCounters Counters { get; }

    public FusedMode Fused { get; }

    /// <summary>
    /// Refuses new requests, lets those inside end for as long as <paramref name="grace"/>, then ends the rest as <see cref="FinishReason.Drained"/>.
    /// </summary>
    public async Task StopAsync(TimeSpan grace, TimeProvider time)
    {
        _stopping = true;
        _queue.Close();
        try
        {
            await _ended.Task.WaitAsync(grace, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _abandon = true;
            _queue.Wake();
            await _ended.Task.ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero, TimeProvider.System).ConfigureAwait(false);
        _thread.Join();
        _notifier.Dispose();
        _queue.Dispose();
        Fused.Dispose();
        _runner.Dispose();
        _owned?.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!_abandon && !(_stopping && _loop.IsIdle))
            {
                if (_loop.IsIdle || _loop.IsHeldUp)
                {
                    _queue.WaitForArrival();
                }

                _loop.Step();
            }

            _loop.EndAll(FinishReason.Drained);
            _ended.SetResult();
        }
        catch (Exception failure)
        {
            _queue.Close();
            _ended.SetException(failure);
            throw;
        }
    }
}
