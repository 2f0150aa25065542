namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>Where bytes are: in the mapped file at the offset, or in the array where there is one.</summary>
internal readonly record struct StorageBytes(byte[]? Array, long Offset, long Length);
