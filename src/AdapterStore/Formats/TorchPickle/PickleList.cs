namespace AdapterServe.AdapterStore.Formats.TorchPickle;

internal sealed class PickleList
{
    public List<PickleValue> Items { get; } = [];
}
