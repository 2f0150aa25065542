namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>The storages of one file, in either layout.</summary>
internal interface IStorageSource
{
    bool IsBigEndian { get; }

    /// <summary>The whole storage. <b>Errors</b>: <c>pickle_storage</c> when it is missing or has another size.</summary>
    StorageBytes Find(PickleStorage storage);
}
