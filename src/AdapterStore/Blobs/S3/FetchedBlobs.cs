namespace AdapterServe.AdapterStore.Blobs.S3;

/// <summary>
/// Contents on this machine's disk, up to a number of bytes: those used last.
/// <b>Semantics</b>: what is leased stays, also beyond the limit. What an earlier run left is read once and compared with its digest before it is
/// used.
/// <b>Effects</b>: any thread.
/// </summary>
internal sealed class FetchedBlobs
{
    private readonly Lock _gate = new();
    private readonly BlobStore _disk;
    private readonly long _maxBytes;
    private readonly Dictionary<string, Held> _held = new(StringComparer.Ordinal);
    private readonly LinkedList<Held> _order = new();
    private long _bytes;

    public FetchedBlobs(BlobStore disk, long maxBytes)
    {
        (_disk, _maxBytes) = (disk, maxBytes);
        foreach (var (digest, files) in disk.Digests().Select(digest => (digest, disk.Read(digest))).OrderBy(found => UsedAt(found.Item2)))
        {
            Keep(new Held(digest, BytesOf(files)));
        }

        MakeRoom();
    }

    public StagedFiles Begin() => _disk.Begin();

    public void ClearStaging(DateTimeOffset since) => _disk.ClearStaging(since);

    public bool Has(string digest)
    {
        lock (_gate)
        {
            return _held.ContainsKey(digest);
        }
    }

    /// <summary>Null where it is not here, or no longer what it was.</summary>
    public BlobLease? TryOpen(string digest)
    {
        if (Take(digest) is not { } held)
        {
            return null;
        }

        try
        {
            var files = _disk.Read(digest);
            lock (held)
            {
                held.IsSound = held.IsSound || ContentDigest.Of(files) == digest;
            }

            if (held.IsSound)
            {
                Directory.SetLastWriteTimeUtc(files.Folder, TimeProvider.System.GetUtcNow().UtcDateTime);
                return new BlobLease(files, () => Release(held));
            }
        }
        catch (Exception error) when (error is AdapterStoreException or IOException or UnauthorizedAccessException)
        {
            // Somebody tidied up, or the disk is failing: what is stored elsewhere is not to blame.
        }

        Release(held);
        Remove(digest);
        return null;
    }

    /// <summary>Takes files over whose digest is this. Those that are here already stay.</summary>
    public void Add(StagedFiles files, string digest)
    {
        files.Flush();
        lock (_gate)
        {
            if (!_held.ContainsKey(digest))
            {
                _disk.Commit(files, digest);
                Keep(new Held(digest, files.Bytes) { IsSound = true });
            }
        }

        MakeRoom();
    }

    public void Remove(string digest)
    {
        lock (_gate)
        {
            if (_held.Remove(digest, out var held))
            {
                _order.Remove(held);
                _bytes -= held.Bytes;
            }

            _disk.Remove(digest);
        }
    }

    private static DateTime UsedAt(AdapterFiles files) => Directory.GetLastWriteTimeUtc(files.Folder);

    private static long BytesOf(AdapterFiles files) => files.Names.Sum(name => new FileInfo(files.PathOf(name)).Length);

    private Held? Take(string digest)
    {
        lock (_gate)
        {
            if (!_held.TryGetValue(digest, out var held))
            {
                return null;
            }

            held.Leases++;
            _order.Remove(held);
            _order.AddLast(held);
            return held;
        }
    }

    private void Release(Held held)
    {
        lock (_gate)
        {
            held.Leases--;
        }

        MakeRoom();
    }

    private void Keep(Held held)
    {
        _held.Add(held.Digest, held);
        _order.AddLast(held);
        _bytes += held.Bytes;
    }

    private void MakeRoom()
    {
        lock (_gate)
        {
            for (var node = _order.First; node is not null && _bytes > _maxBytes;)
            {
                var held = node.Value;
                node = node.Next;
                // The one used last was put here for somebody who is about to open it.
                if (held.Leases == 0 && node is not null)
                {
                    Remove(held.Digest);
                }
            }
        }
    }

    private sealed class Held(string digest, long bytes)
    {
        public string Digest => digest;

        public long Bytes => bytes;

        public int Leases { get; set; }

        /// <summary>It is known to be what it was.</summary>
        public bool IsSound { get; set; }
    }
}
