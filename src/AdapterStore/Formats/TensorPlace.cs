namespace AdapterServe.AdapterStore.Formats;

/// <summary>Where bytes are: in the mapped file at the offset, or in the array where there is one.</summary>
internal readonly record struct TensorPlace(byte[]? Array, long Offset, long Length);
