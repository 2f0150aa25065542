using System.Threading.Channels;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>Lets one loop sleep until something has happened; any number of calls before it looks are one. <b>Effects</b>: any thread; a call never fails.</summary>
internal sealed class WakeUp
{
    private readonly Channel<bool> _calls = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Call() => _calls.Writer.TryWrite(true);

    public async Task WaitAsync(CancellationToken cancellationToken) => await _calls.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
}
