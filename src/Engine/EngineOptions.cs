namespace AdapterServe.Engine;

/// <summary>The engine's limits; every one holds for each step.</summary>
public sealed record EngineOptions
{
    /// <summary>Positions a KV block holds.</summary>
    public int BlockTokens { get; init; } = 16;

    /// <summary>KV blocks in the pool; null takes <see cref="KvCacheBytes"/>.</summary>
    public int? KvBlocks { get; init; }

    /// <summary>Memory for keys and values when <see cref="KvBlocks"/> is null. Pages are touched only when used.</summary>
    public long KvCacheBytes { get; init; } = 2L << 30;

    /// <summary>Prompt tokens computed in one step, beside one token of each decoding sequence.</summary>
    public int PrefillTokens { get; init; } = 128;

    /// <summary>Sequences that share a step.</summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>Rows of the largest step; each may have an adapter of its own.</summary>
    public int MaxRows => PrefillTokens + MaxSequences;

    /// <summary>Requests that wait for a place; one more is refused.</summary>
    public int MaxQueued { get; init; } = 4096;

    /// <summary>Requests inside the engine, running or waiting.</summary>
    public int MaxInFlight => MaxSequences + MaxQueued;

    /// <summary>Most tokens that are guessed for a sequence in a step from what it holds already; 0 guesses none.</summary>
    public int SpeculativeTokens { get; init; }

    /// <summary>Guesses are made while at most this many sequences run: more rows then cost little.</summary>
    public int SpeculativeSequences { get; init; } = 2;

    /// <summary>Whether sequences share the blocks of equal beginnings.</summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>Threads that a step uses, the engine's own included.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;
}
