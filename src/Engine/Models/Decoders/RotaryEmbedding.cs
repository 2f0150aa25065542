using System.Collections.Immutable;

namespace AdapterServe.Engine.Models.Decoders;

/// <summary>
/// <b>Semantics</b>: dimensions (i, i + D/2) of a head turn by p · <see cref="Frequencies"/>[i] at position p, and q and k grow by <see cref="Magnitude"/>.
/// </summary>
internal sealed record RotaryEmbedding
{
    /// <summary>[D/2]: radians a position; D of a head's dimensions rotate.</summary>
    public required ImmutableArray<double> Frequencies { get; init; }

    /// <summary>[D/2]: what holds for all of a sequence as soon as it is longer than <see cref="LongFrom"/>; null where length changes nothing.</summary>
    public ImmutableArray<double>? LongFrequencies { get; init; }

    /// <summary>Tokens up to which <see cref="Frequencies"/> hold.</summary>
    public int LongFrom { get; init; }

    /// <summary>Multiplies cosine and sine.</summary>
    public double Magnitude { get; init; } = 1;

    /// <summary>Numbers in each row of its tables.</summary>
    public int TableWidth => Frequencies.Length;

    /// <summary>Rows of its tables: the context's positions, and those again with the long frequencies.</summary>
    public long TableRows(int contextTokens) => (LongFrequencies is null ? 1L : 2L) * contextTokens;
}
