using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// One call of <see cref="PagedAttention.Run"/> in three phases: rotate and store (by tokens), attend (pieces of equal cost), and, where items
/// were split, merge their chunks in order.
/// </summary>
internal unsafe struct AttentionCall : ISimdCall
{
    // Transposing a key and reading a value row cost about as much as this many query rows.
    private const int KeyCost = 24;

    private readonly PagedAttentionArguments _arguments;
    private readonly AttentionWorkspace _layout;
    private readonly byte* _memory;
    private readonly AttentionPiece* _pieces;
    private readonly AttentionPiece* _splits;
    private readonly int _group;
    private readonly int _tileTokens;
    private readonly int _headsTogether;
    private int _pieceCount;
    private int _splitCount;
    private int _tasks;
    private long _total;
    private byte* _nextPartial;

    public AttentionCall(in PagedAttentionArguments arguments, in AttentionWorkspace layout, void* workspace)
    {
        _arguments = arguments;
        _layout = layout;
        _memory = (byte*)AttentionWorkspace.Align((long)workspace);
        _pieces = (AttentionPiece*)(_memory + layout.Pieces);
        _splits = (AttentionPiece*)(_memory + layout.Splits);
        _nextPartial = _memory + layout.Partials;
        _group = arguments.Heads / arguments.KvHeads;
        _headsTogether = AttentionWorkspace.HeadsTogether(arguments.KvHeads, arguments.HeadSize);
        _tileTokens = Math.Max(1, AttentionWorkspace.RowTile / _group);
    }

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        switch (_arguments.CacheType)
        {
            case KvType.F32: Run<TLanes, F32Element>(parallel); break;
            case KvType.BF16: Run<TLanes, BF16Element>(parallel); break;
            default: Run<TLanes, Int8Element>(parallel); break;
        }
    }

    private void Run<TLanes, TKv>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        fixed (AttentionCall* state = &this)
        {
            var rotation = (long)_arguments.Tokens * (_arguments.Heads + (2 * _arguments.KvHeads)) * _arguments.HeadSize * 4;
            Share(rotation, &Store<TLanes, TKv>, state, parallel);
            _total = Cost();
            Plan(_tasks = WorkSplit.Tasks(_total, parallel.Threads));
            Share(_total, &Attend<TLanes, TKv>, state, parallel);
            if (_splitCount > 0)
            {
                _tasks = _splitCount * _headsTogether;
                parallel.For(_tasks, &Join<TLanes>, state);
            }
        }
    }

    private void Share(long cost, delegate*<void*, int, void> body, void* state, IParallel parallel)
    {
        _tasks = WorkSplit.Tasks(cost, parallel.Threads);
        if (_tasks == 1)
        {
            body(state, 0);
        }
        else
        {
            parallel.For(_tasks, body, state);
        }
    }

    private readonly long Cost()
    {
        long total = 0;
        for (var b = 0; b < _arguments.Sequences; b++)
        {
            var end = _arguments.CumulativeLengths[b + 1];
            for (var token = _arguments.CumulativeLengths[b]; token < end; token += _tileTokens)
            {
                total += Cost(Item(b, token, end));
            }
        }

        return total * _arguments.KvHeads;
    }

    private readonly long Cost(in AttentionPiece piece) =>
        (long)(piece.ChunkEnd - piece.ChunkStart) * AttentionWorkspace.Chunk * 2 * _arguments.HeadSize * ((piece.Tokens * _group) + KeyCost) * piece.HeadCount;

    private readonly AttentionPiece Item(int sequence, int token, int end)
    {
        var tokens = Math.Min(_tileTokens, end - token);
        var position = _arguments.PastLengths[sequence] + token - _arguments.CumulativeLengths[sequence];
        var first = _arguments.Window == 0 ? 0 : Math.Max(0, position - _arguments.Window + 1);
        return new AttentionPiece
        {
            Sequence = sequence,
            TokenStart = token,
            HeadCount = 1,
            Tokens = tokens,
            ChunkStart = first / AttentionWorkspace.Chunk,
            ChunkEnd = ((position + tokens - 1) / AttentionWorkspace.Chunk) + 1,
        };
    }

    private void Plan(int tasks)
    {
        long start = 0;
        for (var b = 0; b < _arguments.Sequences; b++)
        {
            var end = _arguments.CumulativeLengths[b + 1];
            var together = end - _arguments.CumulativeLengths[b] == 1 ? _headsTogether : 1;
            for (var head = 0; head < _arguments.KvHeads; head += together)
            {
                for (var token = _arguments.CumulativeLengths[b]; token < end; token += _tileTokens)
                {
                    var item = Item(b, token, end);
                    item.HeadStart = head;
                    item.HeadCount = Math.Min(together, _arguments.KvHeads - head);
                    item.Start = start;
                    var cost = Cost(item);
                    start += cost;
                    Append(item, tasks == 1 || end - _arguments.CumulativeLengths[b] > 1 ? 1 : (int)((((Int128)cost * _layout.SplitParts) + _total - 1) / _total));
                }
            }
        }
    }

    private void Append(AttentionPiece item, int parts)
    {
        var first = item.ChunkStart / AttentionWorkspace.Span;
        var spans = Spans(item);
        parts = Math.Min(parts, spans);
        if (parts <= 1)
        {
            _pieces[_pieceCount++] = item;
            return;
        }

        var bytes = SpanBytes(item);
        item.Partials = _nextPartial;
        _nextPartial += spans * bytes;
        _splits[_splitCount++] = item;
        var cost = Cost(item) / (item.ChunkEnd - item.ChunkStart);
        for (var part = 0; part < parts; part++)
        {
            var piece = item;
            var from = (int)((long)spans * part / parts);
            var to = (int)((long)spans * (part + 1) / parts);
            piece.ChunkStart = Math.Max(item.ChunkStart, (first + from) * AttentionWorkspace.Span);
            piece.ChunkEnd = Math.Min(item.ChunkEnd, (first + to) * AttentionWorkspace.Span);
            piece.Partials = item.Partials + (from * bytes);
            piece.Start = item.Start + ((piece.ChunkStart - item.ChunkStart) * cost);
            _pieces[_pieceCount++] = piece;
        }
    }

    private static int Spans(in AttentionPiece piece) =>
        ((piece.ChunkEnd - 1) / AttentionWorkspace.Span) - (piece.ChunkStart / AttentionWorkspace.Span) + 1;

    private static void Store<TLanes, TKv>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        ref var call = ref *(AttentionCall*)state;
        ref readonly var a = ref call._arguments;
        var from = (int)WorkSplit.Boundary(a.Tokens, task, call._tasks);
        var to = (int)WorkSplit.Boundary(a.Tokens, task + 1, call._tasks);
        for (var b = 0; b < a.Sequences; b++)
        {
            var end = Math.Min(to, a.CumulativeLengths[b + 1]);
            for (var token = Math.Max(from, a.CumulativeLengths[b]); token < end; token++)
            {
                AttentionStore.Token<TLanes, TKv>(a, (float*)call._memory, b, token);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Attend<TLanes, TKv>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        ref var call = ref *(AttentionCall*)state;
        var from = WorkSplit.Boundary(call._total, task, call._tasks);
        var to = WorkSplit.Boundary(call._total, task + 1, call._tasks);
        for (var i = call.FirstPiece(from); i < call._pieceCount && call._pieces[i].Start < to; i++)
        {
            ref var piece = ref call._pieces[i];
            var scratch = call.Scratch(task, piece);
            var tile = new AttentionTile(call._arguments, piece, (float*)call._memory, scratch);
            if (piece.Partials != null)
            {
                call.AttendPart<TLanes, TKv>(piece, tile);
            }
            else
            {
                call.AttendWhole<TLanes, TKv>(piece, tile, scratch);
            }
        }
    }

    private readonly void AttendWhole<TLanes, TKv>(in AttentionPiece piece, in AttentionTile tile, in AttentionScratch scratch)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        for (var head = 0; head < piece.HeadCount; head++)
        {
            scratch.Whole(head).Clear();
            scratch.Running(head).Clear();
        }

        for (var chunk = piece.ChunkStart; chunk < piece.ChunkEnd; chunk++)
        {
            tile.Chunk<TLanes, TKv>(chunk, null);
            if ((chunk + 1) % AttentionWorkspace.Span != 0 && chunk + 1 < piece.ChunkEnd)
            {
                continue;
            }

            for (var head = 0; head < piece.HeadCount; head++)
            {
                scratch.Whole(head).Merge<TLanes>(scratch.Running(head));
                scratch.Running(head).Clear();
            }
        }

        for (var head = 0; head < piece.HeadCount; head++)
        {
            Write(piece, piece.HeadStart + head, scratch.Whole(head));
        }
    }

    /// <summary>Bytes of one span's results of all KV heads of a piece.</summary>
    private readonly long SpanBytes(in AttentionPiece piece) =>
        piece.HeadCount * AttentionWorkspace.PartialBytes(piece.Tokens * _group, _arguments.HeadSize);

    private readonly AttentionPartial SpanPartial(in AttentionPiece piece, int span, int head)
    {
        var rows = piece.Tokens * _group;
        var bytes = AttentionWorkspace.PartialBytes(rows, _arguments.HeadSize);
        return new(piece.Partials + (((span * piece.HeadCount) + head) * bytes), rows, Packing.RoundUp(_arguments.HeadSize));
    }

    private readonly void AttendPart<TLanes, TKv>(in AttentionPiece piece, in AttentionTile tile)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        for (var chunk = piece.ChunkStart; chunk < piece.ChunkEnd; chunk++)
        {
            var span = (chunk / AttentionWorkspace.Span) - (piece.ChunkStart / AttentionWorkspace.Span);
            for (var head = 0; (chunk % AttentionWorkspace.Span == 0 || chunk == piece.ChunkStart) && head < piece.HeadCount; head++)
            {
                SpanPartial(piece, span, head).Clear();
            }

            tile.Chunk<TLanes, TKv>(chunk, piece.Partials + (span * SpanBytes(piece)));
        }
    }

    /// <summary>Merges the spans of one KV head of a split item.</summary>
    private static void Join<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(AttentionCall*)state;
        ref var item = ref call._splits[task / call._headsTogether];
        var head = task % call._headsTogether;
        if (head >= item.HeadCount)
        {
            return;
        }

        // The first span's place takes the others in: merging into an empty state is copying.
        var running = call.SpanPartial(item, 0, head);
        for (var span = 1; span < Spans(item); span++)
        {
            running.Merge<TLanes>(call.SpanPartial(item, span, head));
        }

        call.Write(item, item.HeadStart + head, running);
    }

    private readonly AttentionScratch Scratch(int task, in AttentionPiece piece) =>
        new(_memory + _layout.Scratch + (task * _layout.ScratchBytes), piece.Tokens * _group, piece.HeadCount, _arguments.HeadSize);

    private readonly int FirstPiece(long boundary)
    {
        var (low, high) = (0, _pieceCount);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_pieces[middle].Start < boundary)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Write(in AttentionPiece piece, int kvHead, AttentionPartial result)
    {
        var size = _arguments.HeadSize;
        var width = Packing.RoundUp(size);
        for (var row = 0; row < piece.Tokens * _group; row++)
        {
            var token = piece.TokenStart + (row / _group);
            var head = (kvHead * _group) + (row % _group);
            var output = _arguments.Output + (((nint)token * _arguments.Heads) + head) * size;
            var sums = result.Sums + ((nint)row * width);
            var inverse = 1 / result.Totals[row];
            for (var i = 0; i < size; i++)
            {
                output[i] = sums[i] * inverse;
            }
        }
    }
}
