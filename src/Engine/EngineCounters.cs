using AdapterServe.Engine.KvCache;
using AdapterServe.Engine.Scheduling;

namespace AdapterServe.Engine;

/// <summary>What the engine has done since it started and what it holds now. Written by the engine's thread after each step, readable from any.</summary>
public sealed class EngineCounters
{
    private long _steps;
    private long _rows;
    private long _runTicks;
    private long _stepTicks;
    private long _allocatedBytes;
    private long _preemptions;
    private long _failures;
    private long _drafts;
    private long _heldDrafts;
    private int _running;
    private int _waiting;
    private int _freeBlocks;
    private Exception? _lastFailure;

    public long Steps => Volatile.Read(ref _steps);

    /// <summary>Rows of all steps together, prompt and decode.</summary>
    public long Rows => Volatile.Read(ref _rows);

    /// <summary>Time inside the model's runs, in Stopwatch ticks.</summary>
    public long RunTicks => Volatile.Read(ref _runTicks);

    /// <summary>Time of whole steps, in Stopwatch ticks; the difference to <see cref="RunTicks"/> is the host's overhead.</summary>
    public long StepTicks => Volatile.Read(ref _stepTicks);

    /// <summary>Managed bytes that steps allocated on the engine's thread.</summary>
    public long AllocatedBytes => Volatile.Read(ref _allocatedBytes);

    public long Preemptions => Volatile.Read(ref _preemptions);

    public long FailedSteps => Volatile.Read(ref _failures);

    public Exception? LastFailure => Volatile.Read(ref _lastFailure);

    /// <summary>Tokens that were guessed.</summary>
    public long Drafts => Volatile.Read(ref _drafts);

    /// <summary>Those of them that held.</summary>
    public long HeldDrafts => Volatile.Read(ref _heldDrafts);

    public int Running => Volatile.Read(ref _running);

    public int Waiting => Volatile.Read(ref _waiting);

    public int FreeBlocks => Volatile.Read(ref _freeBlocks);

    public int TotalBlocks { get; internal init; }

    internal void AddStep(StepPlan plan, long runTicks, long stepTicks, long allocatedBytes)
    {
        Volatile.Write(ref _steps, _steps + 1);
        Volatile.Write(ref _rows, _rows + plan.Rows);
        Volatile.Write(ref _runTicks, _runTicks + runTicks);
        Volatile.Write(ref _stepTicks, _stepTicks + stepTicks);
        Volatile.Write(ref _allocatedBytes, _allocatedBytes + allocatedBytes);
    }

    internal void AddDrafts(int guessed, int held)
    {
        Volatile.Write(ref _drafts, _drafts + guessed);
        Volatile.Write(ref _heldDrafts, _heldDrafts + held);
    }

    internal void AddFailure(Exception failure)
    {
        Volatile.Write(ref _failures, _failures + 1);
        Volatile.Write(ref _lastFailure, failure);
    }

    internal void Observe(Scheduler scheduler, BlockPool pool)
    {
        Volatile.Write(ref _running, scheduler.Running);
        Volatile.Write(ref _waiting, scheduler.Waiting);
        Volatile.Write(ref _preemptions, scheduler.Preemptions);
        Volatile.Write(ref _freeBlocks, pool.FreeBlocks);
    }
}
