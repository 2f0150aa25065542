using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.KvCache;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;

namespace AdapterServe.Engine.Scheduling;

/// <summary>
/// One request inside the engine: its tokens, how far keys and values are computed, and the blocks that hold them.
/// <b>Effects</b>: everything it will need is allocated by the submitting thread; afterwards only the engine's thread touches it.
/// </summary>
internal sealed class Sequence
{
    private readonly int[] _tokens;
    private BlockHash _chain;
    private int _chainedBlocks;

    public Sequence(Generation generation, SamplingState sampling, int blockTokens)
    {
        var request = generation.Request;
        Generation = generation;
        Sampling = sampling;
        PromptLength = request.PromptTokens.Length;
        _tokens = new int[PromptLength + request.MaxTokens];
        request.PromptTokens.CopyTo(_tokens, 0);
        Count = PromptLength;
        Table = new BlockTable((_tokens.Length + blockTokens - 1) / blockTokens);
        _chain = BlockHash.Root(request.Tenant, request.Adapter?.Weights.Digest);
        AdapterState = Adapter is { SequenceStateBytes: > 0 } adapter ? GC.AllocateArray<byte>(checked((int)adapter.SequenceStateBytes), pinned: true) : null;
        ScoredPrompt = request.PromptLogProbs is null ? PromptLength : 1;
    }

    public Generation Generation { get; }

    public SamplingState Sampling { get; }

    public AdapterWeights? Adapter => Generation.Request.Adapter?.Weights;

    /// <summary>What the adapter's forms keep of this sequence from step to step, pinned; zero before the first token, null for adapters that keep nothing.</summary>
    public byte[]? AdapterState { get; }

    public BlockTable Table { get; }

    public int PromptLength { get; }

    /// <summary>Tokens known: the prompt and what was generated.</summary>
    public int Count { get; private set; }

    /// <summary>Tokens whose keys and values are in the blocks.</summary>
    public int Computed { get; private set; }

    /// <summary>Prompt tokens [0, this) need no log-probability any more.</summary>
    public int ScoredPrompt { get; set; }

    public int Pending => Count - Computed;

    public bool WantsMoreTokens => Count < _tokens.Length;

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    public void Append(int token) => _tokens[Count++] = token;

    /// <summary>Marks <paramref name="tokens"/> more tokens as computed and remembers the blocks that this filled.</summary>
    public void Advance(int tokens, BlockPool pool, bool remember)
    {
        Computed += tokens;
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

    /// <summary>Forgets what is computed; the tokens stay, and computing them again gives the same continuation.</summary>
    public void Restart()
    {
        var request = Generation.Request;
        _chain = BlockHash.Root(request.Tenant, request.Adapter?.Weights.Digest);
        (_chainedBlocks, Computed) = (0, 0);
        AdapterState.AsSpan().Clear();
    }

    private BlockHash NextHash(int blockTokens) => _chain.Next(_tokens.AsSpan(_chainedBlocks * blockTokens, blockTokens));
}
