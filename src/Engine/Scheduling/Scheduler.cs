using System.Diagnostics.CodeAnalysis;
using AdapterServe.Engine.KvCache;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Scheduling;

/// <summary>
/// Decides what each step does. <b>Semantics</b>: every decoding sequence gets its one row; then prompts, running and waiting ones in the order of
/// <see cref="FairQueue.IsBefore"/>, share <see cref="EngineOptions.PrefillTokens"/>, no prompt more than half while others wait; a waiting one needs a place and blocks for all that
/// is known of it. A step that can give a tenant its first token after an absence is of such tenants alone, so that it is
/// short; but no two such steps follow each other. For the first sequence of a tenant, and for one of a better priority, others give way: the
/// youngest of a worse priority, or of a tenant with several places that
/// has been served more. When blocks run out, the youngest running sequence of the worst priority gives its own back and waits again, at the place of its arrival; so the
/// oldest of the best always runs to its end. <b>Effects</b>: single-threaded; planning allocates nothing.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Disposing a reservation ends its use, not the object.")]
internal sealed class Scheduler(EngineOptions options, BlockPool pool, Action<Generation> onEnded)
{
    private readonly List<Sequence> _running = new(options.MaxSequences);
    private readonly FairQueue _waiting = new();
    private readonly BlockReservation _reservation = new(pool);

    /// <summary>Whether the last step was of newcomers alone.</summary>
    private bool _wereNewcomers;
    private long _step;

    public int Running => _running.Count;

    public int Waiting => _waiting.Count;

    public long Preemptions { get; private set; }

    /// <summary>Whether the plan leaves out sequences of which it is not known yet which tokens may come next.</summary>
    public bool IsHeldUp { get; private set; }

    public bool IsIdle => _running.Count == 0 && _waiting.Count == 0;

    public void Enqueue(Sequence sequence) => _waiting.Enter(sequence);

    /// <summary>Ends every sequence whose client went away and frees its blocks.</summary>
    public void EndCancelled()
    {
        for (var i = _running.Count - 1; i >= 0; i--)
        {
            if (_running[i].Generation.CancelRequested)
            {
                End(_running[i], FinishReason.Cancelled);
            }
        }

        while (_waiting.FindCancelled() is { } cancelled)
        {
            End(cancelled, FinishReason.Cancelled);
        }
    }

    public void Plan(StepPlan plan)
    {
        plan.Clear();
        _step++;
        IsHeldUp = false;
        SendBackOutgrown();
        _wereNewcomers = !_wereNewcomers && PlanNewcomers(plan);
        if (!_wereNewcomers)
        {
            PlanPrompts(plan, options.PrefillTokens - PlanDecodes(plan), newcomersOnly: false);
        }

        plan.Seal();
    }

    /// <summary>The one way out of the engine: frees the blocks and gives the request its terminal outcome.</summary>
    public void End(Sequence sequence, FinishReason reason)
    {
        _waiting.Leave(sequence, wasRunning: _running.Remove(sequence));
        sequence.Table.ReleaseFrom(0, pool);
        sequence.Generation.End(reason);
        onEnded(sequence.Generation);
    }

    public void EndAll(FinishReason reason)
    {
        while (!IsIdle)
        {
            End(_running.Count > 0 ? _running[^1] : _waiting.Peek()!, reason);
        }
    }

    /// <summary>What a sequence that has become long has computed is worth nothing; it is computed again.</summary>
    private void SendBackOutgrown()
    {
        for (var i = _running.Count - 1; i >= 0; i--)
        {
            if (_running[i].HasOutgrownRotation)
            {
                SendBack(_running[i]);
            }
        }
    }

    /// <summary>Returns how many rows are guesses.</summary>
    private int PlanDecodes(StepPlan plan)
    {
        var guesses = 0;
        for (var i = 0; i < _running.Count; i++)
        {
            var sequence = _running[i];
            if (sequence.Pending == 1 && !sequence.MayDraw)
            {
                IsHeldUp = true;
            }
            else if (sequence.Pending == 1 && MakeRoom(sequence, plan))
            {
                guesses += Guess(sequence, options.PrefillTokens - guesses);
                Add(plan, sequence, 1);
            }
        }

        return guesses;
    }

    /// <summary>Guesses cost rows, which are cheap only while there are few; they take no block from anybody.</summary>
    private int Guess(Sequence sequence, int most)
    {
        if (_running.Count > options.SpeculativeSequences)
        {
            return 0;
        }

        sequence.Guess(most);
        using var growth = _reservation.Begin(sequence.Table);
        if (growth.TryGrowTo(pool.BlocksFor(sequence.Count + sequence.Drafts)))
        {
            growth.Commit();
        }
        else
        {
            sequence.DropDrafts();
        }

        return sequence.Drafts;
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

            var youngest = YoungestOfTheWorstPriority();
            Preempt(youngest, plan);
            if (youngest == sequence)
            {
                return false;
            }
        }
    }

    private Sequence YoungestOfTheWorstPriority()
    {
        var found = _running[^1];
        for (var i = _running.Count - 2; i >= 0; i--)
        {
            if (HasWorsePriority(_running[i], found))
            {
                found = _running[i];
            }
        }

        return found;
    }

    /// <summary>Whole prompts of newcomers, if nobody who decodes has a better priority. False when there are none.</summary>
    private bool PlanNewcomers(StepPlan plan)
    {
        var prompt = NextPrompt(mayAdmit: true);
        if (prompt is null || !IsNewcomer(prompt))
        {
            return false;
        }

        foreach (var sequence in _running)
        {
            if (HasWorsePriority(prompt, sequence))
            {
                return false;
            }
        }

        return PlanPrompts(plan, options.PrefillTokens, newcomersOnly: true) > 0;
    }

    /// <summary>Returns how many rows they are.</summary>
    private int PlanPrompts(StepPlan plan, int most, bool newcomersOnly)
    {
        var (budget, mayAdmit) = (most, true);
        while (budget > 0 && NextPrompt(mayAdmit) is { } prompt)
        {
            if (newcomersOnly && (!MayShareWithNewcomers(prompt) || ChunkOf(prompt, budget) < prompt.Pending))
            {
                break;
            }

            if (prompt == _waiting.Peek() && !TryAdmit(prompt, plan))
            {
                mayAdmit = false;
                continue;
            }

            if (IsNewcomer(prompt))
            {
                prompt.Share.CameInStep = _step;
            }

            var rows = ChunkOf(prompt, budget);
            Add(plan, prompt, rows);
            budget -= rows;
        }

        return most - budget;
    }

    /// <summary>The one whose turn it is among the running ones that are not in the plan yet and, where they may be admitted, the waiting ones.</summary>
    private Sequence? NextPrompt(bool mayAdmit)
    {
        var prompt = NextRunningPrompt();
        var waiting = mayAdmit ? _waiting.Peek() : null;
        return waiting is not null && (prompt is null || FairQueue.IsBefore(waiting, prompt)) ? waiting : prompt;
    }

    /// <summary>Whether its next token is the first of a tenant that has nothing else running.</summary>
    private static bool IsNewcomer(Sequence sequence) =>
        sequence.Generation.TokenCount == 0 && sequence.Share.Running <= (sequence.Table.Count > 0 ? 1 : 0);

    private bool MayShareWithNewcomers(Sequence? sequence) => sequence is not null && (IsNewcomer(sequence) || sequence.Share.CameInStep == _step);

    /// <summary>The first of the running sequences whose prompt is not in the plan yet.</summary>
    private Sequence? NextRunningPrompt(Sequence? but = null)
    {
        Sequence? next = null;
        foreach (var sequence in _running)
        {
            if (sequence.Pending > 1 && !sequence.IsPlanned && sequence != but && (next is null || FairQueue.IsBefore(sequence, next)))
            {
                next = sequence;
            }
        }

        return next;
    }

    /// <summary>How many rows of a prompt the step takes: with others behind it at most half of what steps have for prompts.</summary>
    private int ChunkOf(Sequence sequence, int budget)
    {
        var othersWait = _waiting.Count > (sequence == _waiting.Peek() ? 1 : 0) || NextRunningPrompt(but: sequence) is not null;
        return Math.Min(sequence.Pending, othersWait ? Math.Min(budget, (options.PrefillTokens + 1) / 2) : budget);
    }

    private static void Add(StepPlan plan, Sequence sequence, int rows)
    {
        sequence.IsPlanned = true;
        sequence.Share.Charge(sequence, rows);
        plan.Add(sequence, rows);
    }

    private bool TryAdmit(Sequence sequence, StepPlan plan)
    {
        while (!TryPlace(sequence))
        {
            if (!MayFindRoom(sequence) || FindWhoGivesWay(sequence) is not { } other)
            {
                return false;
            }

            Preempt(other, plan);
        }

        _waiting.Start(sequence);
        _running.Add(sequence);
        return true;
    }

    /// <summary>A place and blocks. A failure changes nothing.</summary>
    private bool TryPlace(Sequence sequence)
    {
        if (_running.Count == options.MaxSequences)
        {
            return false;
        }

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

    /// <summary>Whether all that could give way would be enough; if not, nobody does.</summary>
    private bool MayFindRoom(Sequence newcomer)
    {
        var (blocks, left) = (pool.FreeBlocks, _running.Count);
        for (var i = 0; i < _running.Count; i++)
        {
            if (GivesWay(_running[i], newcomer) && (HasWorsePriority(_running[i], newcomer) || !IsFirstOfItsTenant(i)))
            {
                blocks += _running[i].Table.Count;
                left--;
            }
        }

        return left < options.MaxSequences && pool.BlocksFor(newcomer.Count) + left <= blocks;
    }

    private bool IsFirstOfItsTenant(int running)
    {
        for (var i = 0; i < running; i++)
        {
            if (_running[i].Share == _running[running].Share)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// The youngest running sequence of a worse priority; for a tenant that has nothing running also the youngest of a tenant that has several places and was served more.
    /// </summary>
    private Sequence? FindWhoGivesWay(Sequence newcomer)
    {
        for (var i = _running.Count - 1; i >= 0; i--)
        {
            if (GivesWay(_running[i], newcomer))
            {
                return _running[i];
            }
        }

        return null;
    }

    private static bool GivesWay(Sequence running, Sequence newcomer) => HasWorsePriority(running, newcomer)
        || (!HasWorsePriority(newcomer, running) && newcomer.Share.Running == 0 && running.Share.Running > 1 && running.Share.Served > newcomer.Share.Served);

    /// <summary>By their tenants', or by their own within one tenant.</summary>
    private static bool HasWorsePriority(Sequence sequence, Sequence other)
    {
        var (mine, theirs) = (sequence.Generation.Request, other.Generation.Request);
        return mine.TenantPriority > theirs.TenantPriority || (sequence.Share == other.Share && mine.Priority > theirs.Priority);
    }

    private void Preempt(Sequence sequence, StepPlan plan)
    {
        plan.Remove(sequence);
        SendBack(sequence);
        Preemptions++;
    }

    private void SendBack(Sequence sequence)
    {
        sequence.Table.ReleaseFrom(0, pool);
        sequence.Restart();
        _running.Remove(sequence);
        _waiting.Return(sequence);
    }
}
