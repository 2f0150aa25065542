namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>A tuple; torch.Size is one too.</summary>
internal sealed class PickleTuple(PickleValue[] items)
{
    public static PickleTuple Empty { get; } = new([]);

    public int Count => items.Length;

    public PickleValue this[int index] => items[index];

    public ReadOnlySpan<PickleValue> Items => items;
}
