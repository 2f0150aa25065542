using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.KvCache;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Speculation;

namespace AdapterServe.Engine.Scheduling;

/// <summary>
/// One request inside the engine: its tokens, how far keys and values are computed, and the blocks that hold them.
/// An adapter's virtual tokens are tokens of the prompt here, before the request's own, with the ids -1, -2, …; outside of the engine nobody sees them.
/// <b>Effects</b>: everything it will need is allocated by the submitting thread; afterwards only the engine's thread touches it.
/// </summary>
internal sealed class Sequence
{
    /// <summary>
    /// Sets apart what fused weights computed: to the rounding it is what the adapter computes beside the base, and not to the bit.
    /// </summary>
    private const string FusedMark = "fused:";

    private readonly int[] _tokens;
    private readonly AdapterSpan[] _spans;
    private readonly BlockHash _root;
    private readonly LongRotation? _longRotation;
    private BlockHash _chain;
    private bool _isLong;
    private int _chainedBlocks;
    private int _charged;
    private DraftTrust _trust;
    private int _pooled;
    private readonly int _poolEnd;

    /// <param name="generation">The request.</param>
    /// <param name="sampling">How its tokens are drawn.</param>
    /// <param name="blockTokens">Positions of a block.</param>
    /// <param name="longRotation">The model's.</param>
    /// <param name="drafts">Most tokens that are guessed.</param>
    /// <param name="fused">The digest of its adapter where that is fused into the base's weights.</param>
    public Sequence(
        Generation generation, SamplingState sampling, int blockTokens, LongRotation? longRotation = null, int drafts = 0, string? fused = null)
    {
        (_longRotation, _trust, Fused) = (longRotation, new DraftTrust(drafts), fused);
        var request = generation.Request;
        Generation = generation;
        Sampling = sampling;
        VirtualTokens = AdapterSpans.VirtualTokensOf(request);
        _spans = fused is null ? AdapterSpans.Of(request) : [new AdapterSpan(0, null)];
        PromptLength = VirtualCount + request.PromptTokens.Length;
        _tokens = new int[PromptLength + request.MaxTokens];
        for (var i = 0; i < VirtualCount; i++)
        {
            _tokens[i] = ~i;
        }

        request.PromptTokens.CopyTo(_tokens, VirtualCount);
        Count = PromptLength;
        Table = new BlockTable((_tokens.Length + blockTokens - 1) / blockTokens);
        AddedTokens = _spans.Max(span => span.Weights?.AddedTokens ?? 0);
        HasAdapterState = Array.Exists(_spans, span => span.State is not null);
        _root = BlockHash.Root(request.Tenant, fused is null ? _spans[0].Weights?.Digest : FusedMark + fused);
        ScoredPrompt = request.PromptLogProbs is null ? PromptLength : VirtualCount + 1;
        (_pooled, _poolEnd) = PooledTokens(request.Pooling);
        Restart();
    }

    public Generation Generation { get; }

    public SamplingState Sampling { get; }

    /// <summary>The digest of its adapter where that is in the base's weights and has no span; null else.</summary>
    public string? Fused { get; }

    /// <summary>Which adapter acts on which tokens.</summary>
    public ReadOnlySpan<AdapterSpan> Spans => _spans;

    /// <summary>What acts on generated tokens.</summary>
    public AdapterWeights? Adapter => _spans[^1].Weights;

    public VirtualTokens? VirtualTokens { get; }

    public int VirtualCount => VirtualTokens?.Count ?? 0;

    /// <summary>Most tokens that one of its adapters adds to the vocabulary.</summary>
    public int AddedTokens { get; }

    /// <summary>A prefix's rows [this, <see cref="VirtualCount"/>) are to be copied into the blocks by the next step.</summary>
    public int UnwrittenPrefix { get; private set; }

    /// <summary>Whether an adapter keeps something of this sequence from step to step, for which it has to compute every token.</summary>
    public bool HasAdapterState { get; }

    /// <summary>What is less in a token's rotation than in its position.</summary>
    public int RotaryOffset => (VirtualTokens?.PositionOffset ?? 0) - (_isLong ? _longRotation!.FirstRow : 0);

    /// <summary>Whether the sequence has become long since it began to be computed, so that nothing of what is computed holds any more.</summary>
    public bool HasOutgrownRotation => !_isLong && IsLong;

    /// <summary>What its tenant has had; known from <see cref="Arrive"/> on.</summary>
    public TenantShare Share { get; private set; } = null!;

    public long Arrival { get; private set; }

    /// <summary>Whether the step that is being planned has rows of it.</summary>
    public bool IsPlanned { get; set; }

    public BlockTable Table { get; }

    /// <summary>Virtual tokens and the request's prompt.</summary>
    public int PromptLength { get; }

    /// <summary>Tokens known: the prompt and what was generated.</summary>
    public int Count { get; private set; }

    /// <summary>Tokens whose keys and values are in the blocks, or will be when the next step runs.</summary>
    public int Computed { get; private set; }

    /// <summary>Prompt tokens [0, this) need no log-probability any more.</summary>
    public int ScoredPrompt { get; set; }

    /// <summary>Whether its hidden states are pooled, in place of a token drawn.</summary>
    public bool Pools => Generation.Pooled is not null;

    /// <summary>Which of the tokens [<paramref name="from"/>, <paramref name="end"/>) are to be pooled yet.</summary>
    public (int First, int End) ToPool(int from, int end)
    {
        var first = Math.Clamp(_pooled, from, end);
        return (first, Math.Clamp(_poolEnd, first, end));
    }

    /// <summary>Takes the state of the next token that is to be pooled.</summary>
    public void Pool(ReadOnlySpan<float> state)
    {
        Generation.Pooled!.Add(state);
        _pooled++;
    }

    public int Pending => Count - Computed;

    /// <summary>Whether the token behind those known can be drawn without waiting.</summary>
    public bool MayDraw => Sampling.MayDraw;

    public bool WantsMoreTokens => Count < _tokens.Length;

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    /// <summary>Tokens that are only guessed, behind the known ones.</summary>
    public int Drafts { get; private set; }

    /// <summary>What a step reads: the known tokens and the guessed ones.</summary>
    public ReadOnlySpan<int> TokensWithDrafts => _tokens.AsSpan(0, Count + Drafts);

    /// <summary>
    /// Guesses at most <paramref name="most"/> tokens, as many as are worth it. Nothing is guessed where an adapter keeps a state, which could not be taken back, nor across
    /// the length from which the sequence rotates otherwise.
    /// </summary>
    public void Guess(int most)
    {
        most = Math.Min(Math.Min(most, _trust.Take()), _tokens.Length - Count - 1);
        if (_longRotation is { } rotation && !_isLong)
        {
            most = Math.Min(most, rotation.From - (Count - (VirtualTokens?.PositionOffset ?? 0)));
        }

        Drafts = most > 0 && !HasAdapterState ? PromptLookup.Guess(Tokens[VirtualCount..], _tokens.AsSpan(Count, most)) : 0;
    }

    public void DropDrafts() => Drafts = 0;

    /// <summary>The guess for the token that is drawn next, or null.</summary>
    public int? NextDraft => Drafts > 0 ? _tokens[Count] : null;

    /// <summary>What became of a guess of so many tokens.</summary>
    public void Learn(int guessed, int held)
    {
        Drafts = 0;
        if (guessed > 0)
        {
            _trust.Learn(guessed, held);
        }
    }

    /// <summary>Enters the engine as the <paramref name="arrival"/>-th.</summary>
    public void Arrive(TenantShare share, long arrival) => (Share, Arrival) = (share, arrival);

    /// <summary>Whether it goes before another one of its tenant.</summary>
    public bool IsBefore(Sequence other)
    {
        var (priority, others) = (Generation.Request.Priority, other.Generation.Request.Priority);
        return priority < others || (priority == others && Arrival < other.Arrival);
    }

    /// <summary>How many of the tokens [0, <paramref name="end"/>) were not counted by an earlier call.</summary>
    public int ChargeUpTo(int end)
    {
        var rows = Math.Max(0, end - Math.Max(_charged, Computed));
        _charged = Math.Max(_charged, end);
        return rows;
    }

    public void Append(int token)
    {
        _tokens[Count++] = token;
        Drafts = Math.Max(0, Drafts - 1);
    }

    /// <summary>Marks <paramref name="tokens"/> more tokens as computed and remembers the blocks that this filled.</summary>
    public void Advance(int tokens, BlockPool pool, bool remember)
    {
        Computed += tokens;
        (UnwrittenPrefix, IsPlanned) = (VirtualCount, false);
        while (remember && (_chainedBlocks + 1) * pool.BlockTokens <= Computed)
        {
            var hash = NextHash(pool.BlockTokens);
            pool.Remember(Table.Blocks[_chainedBlocks], hash);
            (_chain, _chainedBlocks) = (hash, _chainedBlocks + 1);
        }
    }

    /// <summary>
    /// Takes over the blocks that hold the beginning of this sequence already. At least one token stays pending, so that there are logits to sample from.
    /// </summary>
    public void ShareBeginning(BlockReservation reservation, int blockTokens)
    {
        while ((_chainedBlocks + 1) * blockTokens < Count)
        {
            var hash = NextHash(blockTokens);
            if (!reservation.TryShare(hash))
            {
                return;
            }

            (_chain, _chainedBlocks) = (hash, _chainedBlocks + 1);
            Computed += blockTokens;
        }
    }

    /// <summary>A prefix is not computed: what of it the blocks lack is copied there by the next step.</summary>
    public void SkipPrefix()
    {
        if (VirtualTokens is { IsPrefix: true })
        {
            UnwrittenPrefix = Math.Min(Computed, VirtualCount);
            Computed = Math.Max(Computed, VirtualCount);
        }
    }

    /// <summary>Forgets what is computed; the tokens stay, and computing them again gives the same continuation.</summary>
    public void Restart()
    {
        foreach (ref readonly var span in _spans.AsSpan())
        {
            span.State.AsSpan().Clear();
        }

        _isLong = IsLong;
        _chain = _isLong ? _root.Switch(default, 0) : _root;
        (_chainedBlocks, Computed, UnwrittenPrefix, IsPlanned, Drafts) = (0, 0, VirtualCount, false, 0);
    }

    /// <summary>Virtual tokens are never pooled.</summary>
    private (int First, int End) PooledTokens(PoolingKind? pooling) => pooling switch
    {
        null => (0, 0),
        PoolingKind.Last => (PromptLength - 1, PromptLength),
        PoolingKind.First => (VirtualCount, VirtualCount + 1),
        _ => (VirtualCount, PromptLength),
    };

    private bool IsLong => _longRotation is { } rotation && Count - (VirtualTokens?.PositionOffset ?? 0) > rotation.From;

    /// <summary>
    /// A block in which another adapter begins is named by that too, so that blocks before it are those of any sequence with this beginning.
    /// </summary>
    private BlockHash NextHash(int blockTokens)
    {
        var start = _chainedBlocks * blockTokens;
        var chain = _chain;
        foreach (ref readonly var span in _spans.AsSpan(1))
        {
            if (span.Start >= start && span.Start < start + blockTokens)
            {
                chain = chain.Switch(span.Digest, span.Start - start);
            }
        }

        return chain.Next(_tokens.AsSpan(start, blockTokens));
    }
}
