using System.Collections.Immutable;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// Virtual tokens before the sequence, computed from the file's tensors when the adapter is lowered.
/// <b>Shapes</b>: Make gives [Count, Width], see <see cref="VirtualTokens"/>.
/// </summary>
internal sealed record VirtualTokenTensors(
    VirtualTokenKind Kind, int Count, int Width, ImmutableArray<SafetensorsTensor> Sources, Func<TensorValues, double[]> Make)
{
    public long Elements => (long)Count * Width;

    public VirtualTokens Pack(LoweringSource source, WeightArena arena)
    {
        var rows = Array.ConvertAll(Make(source.Values), value => (float)value);
        return FiniteCheck.IsFinite(rows)
            ? new VirtualTokens(Kind, RowTable.Pack(arena, Count, Width, rows))
            : throw StoreErrors.Unservable("not_finite", "The adapter's virtual tokens are beyond the range of 32-bit floats.");
    }
}
