namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>
/// Memory that a file may take while it is read. <b>Errors</b>: TooLarge <c>pickle_too_large</c>, before the memory is taken.
/// </summary>
internal sealed class PickleBudget(long bytes)
{
    private long _left = bytes;

    public void Take(long bytes)
    {
        if (bytes < 0 || bytes > _left)
        {
            throw PickleErrors.TooLarge();
        }

        _left -= bytes;
    }
}
