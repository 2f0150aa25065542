namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>Where an entry's bytes are in the archive, checked to lie inside of it.</summary>
internal sealed record ZipRecord(string Name, long Offset, long StoredBytes, long Bytes, bool IsDeflated, uint Crc32);
