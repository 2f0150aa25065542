using System.Diagnostics;
using AdapterServe.Engine.Execution;
using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Guided;
using AdapterServe.Engine.KvCache;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Scheduling;

namespace AdapterServe.Engine;

/// <summary>
/// The engine's heart: <see cref="Step"/> = take what arrived → plan → run → sample → publish, on one thread. What it owns, no other thread touches.
/// </summary>
internal sealed class EngineLoop
{
    private readonly IStepRunner _runner;
    private readonly EngineOptions _options;
    private readonly BlockPool _pool;
    private readonly RequestQueue _queue;
    private readonly GenerationNotifier _notifier;
    private readonly EngineCounters _counters;
    private readonly Scheduler _scheduler;
    private readonly StepPlan _plan;
    private readonly Sampler _sampler = new();
    private readonly HeldWeights _weights = new();
    private WeightSwitch? _waitingSwitch;
    private float[] _rawLogits;
    private float[] _wideRow = [];

    public EngineLoop(IStepRunner runner, EngineOptions options, BlockPool pool, RequestQueue queue, GenerationNotifier notifier, EngineCounters counters)
    {
        (_runner, _options, _pool, _queue, _notifier, _counters) = (runner, options, pool, queue, notifier, counters);
        _scheduler = new Scheduler(options, pool, OnEnded);
        _plan = new StepPlan(options.MaxSequences);
        _rawLogits = new float[runner.VocabularySize];
    }

    /// <summary>True when nothing is running or waiting.</summary>
    public bool IsIdle => _scheduler.IsIdle && _queue.IsEmpty && _waitingSwitch is null;

    /// <summary>Nothing can be done until something arrives or a guided sequence is ready.</summary>
    public bool IsHeldUp => _scheduler.IsHeldUp && _plan.Count == 0 && _queue.IsEmpty;

    /// <summary>One step of the model; without work, nothing.</summary>
    public void Step()
    {
        var started = (Time: Stopwatch.GetTimestamp(), Bytes: GC.GetAllocatedBytesForCurrentThread());
        TakeArrived();
        _scheduler.EndCancelled();
        _scheduler.Plan(_plan);
        if (_plan.Count > 0)
        {
            RunPlan(started);
        }

        Publish();
    }

    /// <summary>Ends everything that is running or waiting.</summary>
    public void EndAll(FinishReason reason)
    {
        Abandon(_waitingSwitch);
        _waitingSwitch = null;
        while (_queue.TryTake(out var arrived))
        {
            Abandon(arrived.Switch);
            Enqueue(arrived.Sequence);
        }

        _scheduler.EndAll(reason);
        Publish();
    }

    /// <summary>A switch of weights is taken when what came before it has ended; what came behind it stays in the queue until then.</summary>
    private void TakeArrived()
    {
        while (TrySwitch() && _queue.TryTake(out var arrived))
        {
            _waitingSwitch = arrived.Switch;
            Enqueue(arrived.Sequence);
        }
    }

    private bool TrySwitch()
    {
        if (_waitingSwitch is { } change && _scheduler.IsIdle)
        {
            _weights.Switch(change);
            _waitingSwitch = null;
        }

        return _waitingSwitch is null;
    }

    private void Enqueue(Sequence? sequence)
    {
        if (sequence is null)
        {
            return;
        }

        Reserve(sequence.AddedTokens);
        _scheduler.Enqueue(sequence);
        if (!_weights.Serve(sequence.Fused))
        {
            // Its switch failed: with other weights it would get a wrong answer.
            _scheduler.End(sequence, FinishReason.Failed);
        }
    }

    private static void Abandon(WeightSwitch? change) => change?.Fail(new EngineBusyException(stopping: true, "The server is stopping."));

    /// <summary>Room for one row of logits with so many more tokens than the base has.</summary>
    private void Reserve(int addedTokens)
    {
        var width = _runner.VocabularySize + addedTokens;
        if (addedTokens > 0 && _wideRow.Length < width)
        {
            (_wideRow, _rawLogits) = (new float[width], new float[width]);
        }
    }

    private void RunPlan((long Time, long Bytes) started)
    {
        try
        {
            var runStarted = Stopwatch.GetTimestamp();
            var logits = _runner.Run(_plan);
            var runTicks = Stopwatch.GetTimestamp() - runStarted;
            foreach (var planned in _plan.Entries)
            {
                Apply(planned, logits);
            }

            _counters.AddStep(_plan, runTicks, Stopwatch.GetTimestamp() - started.Time, GC.GetAllocatedBytesForCurrentThread() - started.Bytes);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            FailStep(failure);
        }
    }

    /// <summary>A step that failed takes its sequences with it; everyone else goes on.</summary>
    private void FailStep(Exception failure)
    {
        _counters.AddFailure(failure);
        foreach (var planned in _plan.Entries)
        {
            if (planned.Sequence.Generation.Finish is null)
            {
                _scheduler.End(planned.Sequence, FinishReason.Failed);
            }
        }
    }

    private void Apply(in PlannedSequence planned, Span<float> logits)
    {
        var sequence = planned.Sequence;
        ScorePrompt(planned, logits);
        PoolPrompt(planned);
        Advance(sequence, planned.Rows - planned.Drafts);
        if (planned.Sampled)
        {
            DrawAll(planned, logits);
        }
        else if (sequence.Pending == 0)
        {
            _scheduler.End(sequence, FinishReason.Length);
        }
    }

    private void Advance(Sequence sequence, int rows) => sequence.Advance(rows, _pool, _options.PrefixCache && !sequence.HasAdapterState);

    /// <summary>
    /// One token, and one more for each guess that is the token drawn: its row was then computed from what the sequence really holds. A draw depends on the
    /// seed, the position and the logits alone, so guesses change no answer.
    /// </summary>
    private void DrawAll(in PlannedSequence planned, Span<float> logits)
    {
        var sequence = planned.Sequence;
        var row = planned.LogitStart + planned.LogitRows - 1 - planned.Drafts;
        var held = 0;
        while (true)
        {
            var guess = sequence.NextDraft;
            var token = Draw(sequence, RowOf(logits, row + held));
            if (token != guess || sequence.Generation.Finish is not null || !sequence.MayDraw)
            {
                break;
            }

            Advance(sequence, 1);
            held++;
        }

        sequence.Learn(planned.Drafts, held);
        _counters.AddDrafts(planned.Drafts, held);
    }

    private void ScorePrompt(in PlannedSequence planned, Span<float> logits)
    {
        var sequence = planned.Sequence;
        if (sequence.ScoredPrompt == sequence.PromptLength)
        {
            return;
        }

        for (var row = 0; row < planned.LogitRows; row++)
        {
            var scored = planned.Past + planned.LogitOffset + row + 1;
            if (scored < sequence.PromptLength)
            {
                LogProbabilities.Fill(RowOf(logits, planned.LogitStart + row), sequence.Tokens[scored], sequence.Generation.PromptLogProbs!, scored - sequence.VirtualCount);
                sequence.ScoredPrompt = scored + 1;
            }
        }
    }

    private void PoolPrompt(in PlannedSequence planned)
    {
        for (var row = 0; planned.Sequence.Pools && row < planned.LogitRows; row++)
        {
            planned.Sequence.Pool(_runner.Hidden(planned.LogitStart + row));
        }
    }

    private int? Sample(Sequence sequence, Span<float> logits)
    {
        try
        {
            return _sampler.Sample(logits, sequence.Sampling);
        }
        catch (GuideException)
        {
            _scheduler.End(sequence, FinishReason.GuideFailed);
            return null;
        }
    }

    /// <summary>Null where the sequence ended without a token.</summary>
    private int? Draw(Sequence sequence, Span<float> logits)
    {
        var generation = sequence.Generation;
        if (generation.LogProbs is not null)
        {
            logits.CopyTo(_rawLogits);
        }

        if (Sample(sequence, logits) is not { } token)
        {
            return null;
        }

        if (generation.LogProbs is { } logProbs)
        {
            LogProbabilities.Fill(_rawLogits.AsSpan(0, logits.Length), token, logProbs, generation.TokenCount);
        }

        sequence.Append(token);
        generation.Publish(token);
        if (sequence.Sampling.EndsSequence(token))
        {
            _scheduler.End(sequence, FinishReason.Stop);
        }
        else if (!sequence.WantsMoreTokens)
        {
            _scheduler.End(sequence, FinishReason.Length);
        }
        else
        {
            _notifier.Add(generation);
        }

        return token;
    }

    /// <summary>The logits of all tokens that the row's adapter knows, valid until the next call.</summary>
    private Span<float> RowOf(Span<float> logits, int row)
    {
        var known = logits.Slice(row * _runner.VocabularySize, _runner.VocabularySize);
        var added = _runner.AddedLogits(row);
        if (added.IsEmpty)
        {
            return known;
        }

        known.CopyTo(_wideRow);
        added.CopyTo(_wideRow.AsSpan(known.Length));
        return _wideRow.AsSpan(0, known.Length + added.Length);
    }

    private void OnEnded(Generation generation)
    {
        _queue.Leave();
        _notifier.Add(generation);
    }

    private void Publish()
    {
        _counters.Observe(_scheduler, _pool);
        _notifier.Flush();
        CheckLaws();
    }

    [Conditional("DEBUG")]
    private void CheckLaws() => _pool.CheckLaws();
}
