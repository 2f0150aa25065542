using System.Diagnostics.CodeAnalysis;
using AdapterServe.Engine.KvCache;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Scheduling;

/// <summary>
/// Decides what each step does. <b>Semantics</b>: every decoding sequence gets its one row; then prompts share <see cref="EngineOptions.PrefillTokens"/>,
/// oldest first, no prompt more than half while others wait; then waiting requests are admitted in order of arrival, while there is a place
/// and blocks for all that is known of them. When blocks run out, the youngest running sequence gives its own back and waits again, before everyone
/// who came later; so the oldest always runs to its end. <b>Effects</b>: single-threaded; planning allocates nothing.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Disposing a reservation ends its use, not the object.")]
internal sealed class Scheduler(EngineOptions options, BlockPool pool, Action<Generation> onEnded)
{
    private readonly List<Sequence> _running = new(options.MaxSequences);
    private readonly List<Sequence> _waiting = new(options.MaxInFlight);
    private readonly BlockReservation _reservation = new(pool);

    public int Running => _running.Count;

    public int Waiting => _waiting.Count;

    public long Preemptions { get; private set; }

    public bool IsIdle => _running.Count == 0 && _waiting.Count == 0;

    public void Enqueue(Sequence sequence) => _waiting.Add(sequence);

    /// <summary>Ends every sequence whose client went away and frees its blocks.</summary>
    public void EndCancelled()
    {
        EndCancelled(_running);
        EndCancelled(_waiting);
    }

    public void Plan(StepPlan plan)
    {
        plan.Clear();
        SendBackOutgrown();
        PlanDecodes(plan);
        var budget = PlanPrompts(plan, options.PrefillTokens);
        Admit(plan, budget);
        plan.Seal();
    }

    /// <summary>The one way out of the engine: frees the blocks and gives the request its terminal outcome.</summary>
    public void End(Sequence sequence, FinishReason reason)
    {
        if (!_running.Remove(sequence))
        {
            _waiting.Remove(sequence);
        }

        Finish(sequence, reason);
    }

    public void EndAll(FinishReason reason)
    {
        while (!IsIdle)
        {
            End(_running.Count > 0 ? _running[^1] : _waiting[^1], reason);
        }
    }

    private void Finish(Sequence sequence, FinishReason reason)
    {
        sequence.Table.ReleaseFrom(0, pool);
        sequence.Generation.End(reason);
        onEnded(sequence.Generation);
    }

    private void EndCancelled(List<Sequence> sequences)
    {
        for (var i = sequences.Count - 1; i >= 0; i--)
        {
            if (sequences[i].Generation.CancelRequested)
            {
                Finish(sequences[i], FinishReason.Cancelled);
                sequences.RemoveAt(i);
            }
        }
    }

    /// <summary>What a sequence that has become long has computed is worth nothing; it starts again before everyone who waits.</summary>
    private void SendBackOutgrown()
    {
        for (var i = _running.Count - 1; i >= 0; i--)
        {
            if (_running[i].HasOutgrownRotation)
            {
                SendBack(i);
            }
        }
    }

    private void PlanDecodes(StepPlan plan)
    {
        for (var i = 0; i < _running.Count; i++)
        {
            var sequence = _running[i];
            if (sequence.Pending == 1 && MakeRoom(sequence, plan))
            {
                plan.Add(sequence, 1);
            }
        }
    }

    /// <summary>Blocks for everything known of a running sequence, taken from younger ones if need be. False when it had to give way itself.</summary>
    private bool MakeRoom(Sequence sequence, StepPlan plan)
    {
        while (true)
        {
            using var growth = _reservation.Begin(sequence.Table);
            if (growth.TryGrowTo(pool.BlocksFor(sequence.Count)))
            {
                growth.Commit();
                return true;
            }

            var youngest = _running[^1];
            Preempt(youngest, plan);
            if (youngest == sequence)
            {
                return false;
            }
        }
    }

    private void Preempt(Sequence sequence, StepPlan plan)
    {
        plan.Remove(sequence);
        SendBack(_running.Count - 1);
        Preemptions++;
    }

    private void SendBack(int running)
    {
        var sequence = _running[running];
        sequence.Table.ReleaseFrom(0, pool);
        sequence.Restart();
        _running.RemoveAt(running);
        _waiting.Insert(0, sequence);
    }

    private int PlanPrompts(StepPlan plan, int budget)
    {
        for (var i = 0; i < _running.Count && budget > 0; i++)
        {
            var sequence = _running[i];
            if (sequence.Pending > 1)
            {
                budget -= PlanChunk(plan, sequence, budget, othersWait: i + 1 < _running.Count || _waiting.Count > 0);
            }
        }

        return budget;
    }

    private int PlanChunk(StepPlan plan, Sequence sequence, int budget, bool othersWait)
    {
        var most = othersWait ? Math.Min(budget, (options.PrefillTokens + 1) / 2) : budget;
        var rows = Math.Min(sequence.Pending, most);
        plan.Add(sequence, rows);
        return rows;
    }

    private void Admit(StepPlan plan, int budget)
    {
        while (budget > 0 && _waiting.Count > 0 && _running.Count < options.MaxSequences && TryAdmit(_waiting[0]))
        {
            var sequence = _waiting[0];
            _waiting.RemoveAt(0);
            _running.Add(sequence);
            budget -= PlanChunk(plan, sequence, budget, othersWait: _waiting.Count > 0);
        }
    }

    private bool TryAdmit(Sequence sequence)
    {
        using var reservation = _reservation.Begin(sequence.Table);
        // What an adapter keeps of a sequence comes from its tokens only, not from the blocks.
        if (options.PrefixCache && !sequence.HasAdapterState && sequence.Generation.Request.PromptLogProbs is null)
        {
            sequence.ShareBeginning(reservation, pool.BlockTokens);
        }

        // Without a spare block for each running sequence, the newcomer would soon be sent back again.
        var needed = pool.BlocksFor(sequence.Count);
        if (needed - sequence.Table.Count + _running.Count > pool.FreeBlocks || !reservation.TryGrowTo(needed))
        {
            sequence.Restart();
            return false;
        }

        reservation.Commit();
        sequence.Generation.CachedPromptTokens = Math.Max(0, Math.Min(sequence.Computed, sequence.PromptLength) - sequence.VirtualCount);
        sequence.SkipPrefix();
        return true;
    }
}
