using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Adapters;

/// <summary>
/// What an adapter puts before a sequence.
/// <b>Shapes</b>: of a soft prompt [Count, hidden]; of a prefix [Count, layers, 2, kv heads · head size], a layer's keys before its values,
/// keys without rotation.
/// </summary>
public sealed class VirtualTokens(VirtualTokenKind kind, RowTable rows)
{
    public VirtualTokenKind Kind { get; } = kind;

    public int Count => rows.Rows;

    /// <summary>Whether the virtual tokens' keys and values are given rather than computed.</summary>
    public bool IsPrefix => Kind != VirtualTokenKind.SoftPrompt;

    /// <summary>By how much a text token's rotary position lags behind its place in the sequence.</summary>
    public int PositionOffset => Kind == VirtualTokenKind.UncountedPrefix ? Count : 0;

    /// <summary>All that is known of one virtual token. Allocates nothing.</summary>
    public ReadOnlySpan<float> Row(int token) => rows.Row(token);
}
