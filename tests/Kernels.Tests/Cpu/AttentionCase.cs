using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

/// <summary>A paged cache with shuffled blocks, and the sequences that use it; every buffer ends at a guard page.</summary>
internal sealed unsafe class AttentionCase : IDisposable
{
    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadSize { get; init; }

    public int BlockSize { get; init; } = 16;

    public int RotaryDims { get; init; }

    public int Window { get; init; }

    public float SoftCap { get; init; }

    public KvType CacheType { get; init; }

    /// <summary>Puts old rows as the kernel stores new ones.</summary>
    public bool PutsAsStored { get; init; }

    /// <summary>What each sequence has in the cache, and what it brings.</summary>
    public required (int Past, int New)[] Sequences { get; init; }

    /// <summary>For each sequence by how much its rotation lags behind; null for no offsets at all.</summary>
    public int[]? Offsets { get; init; }

    /// <summary>Names the content of each sequence: two cases with the same ids hold the same tokens.</summary>
    public int[]? Ids { get; init; }

    public float[] Output { get; private set; } = [];

    public float[] Keys { get; private set; } = [];

    private readonly List<IDisposable> _buffers = [];

    public double LogitMagnitude => HeadSize * Scale;

    private float Scale => 1 / MathF.Sqrt(HeadSize);

    public AttentionCase Run(IParallel? parallel = null)
    {
        Execute((in PagedAttentionArguments a) =>
        {
            var threads = parallel?.Threads ?? 1;
            var bytes = PagedAttention.WorkspaceBytes(a.Tokens, a.Sequences, Sequences.Max(s => s.Past + s.New), Heads, KvHeads, HeadSize, threads);
            var workspace = Buffer<byte>(bytes);
            workspace.Span.Fill(0xFF);
            PagedAttention.Run(a, workspace.Pointer, parallel ?? new SerialParallel());
        });
        return this;
    }

    public AttentionCase RunReference()
    {
        Execute((in PagedAttentionArguments a) => Reference.PagedAttention.Run(a));
        return this;
    }

    /// <summary>The output rows of one sequence.</summary>
    public float[] Rows(int sequence)
    {
        var first = Sequences.Take(sequence).Sum(s => s.New);
        var width = Heads * HeadSize;
        return Output[(first * width)..((first + Sequences[sequence].New) * width)];
    }

    public void Dispose()
    {
        foreach (var buffer in _buffers)
        {
            buffer.Dispose();
        }
    }

    internal delegate void Body(in PagedAttentionArguments arguments);

    internal void Execute(Body body)
    {
        var count = Sequences.Length;
        var tokens = Sequences.Sum(s => s.New);
        var longest = Sequences.Max(s => s.Past + s.New);
        var maxBlocks = ((longest + BlockSize - 1) / BlockSize) + 1;
        var kvWidth = KvHeads * HeadSize;
        var cacheLength = (long)maxBlocks * count * BlockSize * KvHeads * RowElements;
        var arguments = new PagedAttentionArguments
        {
            Query = Buffer<float>((long)tokens * Heads * HeadSize).Pointer,
            Key = Buffer<float>((long)tokens * kvWidth).Pointer,
            Value = Buffer<float>((long)tokens * kvWidth).Pointer,
            Cos = Angles(longest, Math.Cos),
            Sin = Angles(longest, Math.Sin),
            KeyCache = Cache(cacheLength),
            ValueCache = Cache(cacheLength),
            CacheType = CacheType,
            BlockTable = ShuffledBlocks(count, maxBlocks),
            CumulativeLengths = Buffer<int>(count + 1).Pointer,
            PastLengths = Buffer<int>(count).Pointer,
            RotaryOffsets = Offsets is null ? null : Pointer(Offsets),
            Output = Buffer<float>((long)tokens * Heads * HeadSize).Pointer,
            Tokens = tokens,
            Sequences = count,
            Heads = Heads,
            KvHeads = KvHeads,
            HeadSize = HeadSize,
            RotaryDims = RotaryDims,
            MaxPositions = longest,
            BlockSize = BlockSize,
            NumBlocks = maxBlocks * count,
            MaxBlocksPerSequence = maxBlocks,
            Scale = Scale,
            Window = Window,
            SoftCap = SoftCap,
        };
        for (var b = 0; b < count; b++)
        {
            Fill(arguments, b);
        }

        body(arguments);
        Output = new ReadOnlySpan<float>(arguments.Output, tokens * Heads * HeadSize).ToArray();
        Keys = CacheType switch
        {
            KvType.F32 => new ReadOnlySpan<float>(arguments.KeyCache, (int)cacheLength).ToArray(),
            KvType.BF16 => Array.ConvertAll(new ReadOnlySpan<ushort>(arguments.KeyCache, (int)cacheLength).ToArray(), BF16.ToSingle),
            _ => Array.ConvertAll(new ReadOnlySpan<sbyte>(arguments.KeyCache, (int)cacheLength).ToArray(), code => (float)code),
        };
    }

    private GuardedBuffer<T> Buffer<T>(long length)
        where T : unmanaged
    {
        var buffer = new GuardedBuffer<T>(length);
        _buffers.Add(buffer);
        return buffer;
    }

    private int* Pointer(int[] values)
    {
        var buffer = Buffer<int>(values.Length);
        values.CopyTo(buffer.Span);
        return buffer.Pointer;
    }

    private float* Angles(int positions, Func<double, double> function)
    {
        var half = RotaryDims / 2;
        var table = Buffer<float>((long)positions * half);
        for (var i = 0; i < table.Length; i++)
        {
            table.Span[i] = (float)function(i / half * Math.Pow(10000, -(double)(i % half) / half));
        }

        return table.Pointer;
    }

    /// <summary>Slots that nobody has written are not numbers: what leaks shows.</summary>
    private void* Cache(long length)
    {
        if (CacheType == KvType.BF16)
        {
            var halves = Buffer<ushort>(length);
            halves.Span.Fill(BF16.FromSingle(float.NaN));
            return halves.Pointer;
        }

        if (CacheType == KvType.Int8)
        {
            var bytes = Buffer<byte>(length);
            bytes.Span.Fill(0xFF);
            return bytes.Pointer;
        }

        var cache = Buffer<float>(length);
        cache.Span.Fill(float.NaN);
        return cache.Pointer;
    }

    private int RowElements => HeadSize + (CacheType == KvType.Int8 ? sizeof(float) : 0);

    private void Put(float[] heads, void* cache, int slot)
    {
        if (PutsAsStored)
        {
            KvRows.Write(CacheType, heads, HeadSize, cache, slot);
            return;
        }

        for (var head = 0; head < KvHeads; head++)
        {
            Put(heads.AsSpan(head * HeadSize, HeadSize), cache, ((slot * KvHeads) + head) * RowElements);
        }
    }

    /// <summary>Integers with a scale that no row of its own would have: kernels must read the one that stands there.</summary>
    private void Put(ReadOnlySpan<float> row, void* cache, int at)
    {
        const float Scale = 1 / 120f;
        for (var i = 0; i < row.Length; i++)
        {
            switch (CacheType)
            {
                case KvType.F32: ((float*)cache)[at + i] = row[i]; break;
                case KvType.BF16: ((ushort*)cache)[at + i] = BF16.FromSingle(row[i]); break;
                default: ((sbyte*)cache)[at + i] = (sbyte)Math.Clamp(MathF.Round(row[i] / Scale), -127, 127); break;
            }
        }

        if (CacheType == KvType.Int8)
        {
            *(float*)((sbyte*)cache + at + row.Length) = Scale;
        }
    }

    private int* ShuffledBlocks(int sequences, int maxBlocks)
    {
        var table = Buffer<int>((long)sequences * maxBlocks);
        for (var i = 0; i < table.Length; i++)
        {
            table.Span[i] = i;
        }

        new Random(5).Shuffle(table.Span);
        return table.Pointer;
    }

    private void Fill(in PagedAttentionArguments a, int b)
    {
        var (past, added) = Sequences[b];
        var id = Ids?[b] ?? b;
        var kvWidth = KvHeads * HeadSize;
        a.PastLengths[b] = past;
        a.CumulativeLengths[b + 1] = a.CumulativeLengths[b] + added;
        var first = a.CumulativeLengths[b];
        for (var position = 0; position < past + added; position++)
        {
            var seed = (id * 100_003) + (position * 3);
            var key = RandomData.Floats(seed, kvWidth);
            var value = RandomData.Floats(seed + 1, kvWidth);
            if (position < past)
            {
                var block = a.BlockTable[(b * a.MaxBlocksPerSequence) + (position / BlockSize)];
                var slot = (block * BlockSize) + (position % BlockSize);
                Put(key, a.KeyCache, slot);
                Put(value, a.ValueCache, slot);
                continue;
            }

            var token = first + position - past;
            key.CopyTo(new Span<float>(a.Key + (token * kvWidth), kvWidth));
            value.CopyTo(new Span<float>(a.Value + (token * kvWidth), kvWidth));
            RandomData.Floats(seed + 2, Heads * HeadSize).CopyTo(new Span<float>(a.Query + (token * Heads * HeadSize), Heads * HeadSize));
        }
    }
}
