using System.Diagnostics;
using AdapterServe.Engine;

namespace AdapterServe.Bench.Engine;

/// <summary>Measures one load: the whole of it, and the part in which every sequence decodes.</summary>
internal sealed class EngineMeter(EngineHost engine)
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly EngineCounters _counters = engine.Counters;
    private readonly long _runTicks = engine.Counters.RunTicks;
    private readonly long _stepTicks = engine.Counters.StepTicks;
    private readonly long _steps = engine.Counters.Steps;
    private readonly long _allocated = engine.Counters.AllocatedBytes;
    private long _decodeStarted;
    private int _tokensBefore;

    public void DecodeStarts(int tokens) => (_decodeStarted, _tokensBefore) = (Stopwatch.GetTimestamp(), tokens);

    public EngineSample End(int tokens)
    {
        var now = Stopwatch.GetTimestamp();
        var steps = _counters.Steps - _steps;
        return new EngineSample(
            tokens / Stopwatch.GetElapsedTime(_started, now).TotalSeconds,
            (tokens - _tokensBefore) / Stopwatch.GetElapsedTime(_decodeStarted, now).TotalSeconds,
            1 - (double)(_counters.RunTicks - _runTicks) / (_counters.StepTicks - _stepTicks),
            (double)(_counters.AllocatedBytes - _allocated) / steps);
    }
}
