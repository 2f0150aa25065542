using AdapterServe.Kernels.Cpu;
using static AdapterServe.Bench.Kernels.KernelBenchmarks;

namespace AdapterServe.Bench.Kernels;

/// <summary>
/// One attention layer over caches of every type, in turn, against the time to read the keys and values of the first. All types lie in the same
/// memory, which even in
/// 8 bits exceeds the last cache.
/// </summary>
internal sealed unsafe class AttentionBenchmarks : IDisposable
{
    private const int BlockSize = 16;
    private const int MostLayers = 16;
    private static readonly KvType[] Types = [KvType.F32, KvType.BF16, KvType.Int8];

    private readonly SpinParallel _parallel;
    private readonly (int Heads, int KvHeads, int Size) _model;
    private readonly (int Sequences, int Past, int Added) _step;
    private readonly nint[] _caches;
    private readonly Streaming[] _streams;
    private readonly List<nint> _buffers = [];
    private readonly void* _workspace;
    private PagedAttentionArguments _arguments;

    private AttentionBenchmarks(SpinParallel parallel, long footprint, (int Heads, int KvHeads, int Size) model, (int Sequences, int Past,
        int Added) step)
    {
        (_parallel, _model, _step) = (parallel, model, step);
        var layers = (int)Math.Clamp(footprint / (CacheFloats * 8), 1, MostLayers);
        _caches = new nint[2 * layers];
        _streams = new Streaming[layers];
        for (var i = 0; i < layers; i++)
        {
            _streams[i] = new Streaming(parallel);
            for (var half = 0; half < 2; half++)
            {
                var cache = Buffer(CacheFloats);
                _caches[(2 * i) + half] = (nint)cache;
                _streams[i].Add(cache, CacheFloats * 4);
            }
        }

        _arguments = Arguments();
        _workspace = Buffer((PagedAttention.WorkspaceBytes(
            _arguments.Tokens, step.Sequences, step.Past + step.Added, model.Heads, model.KvHeads, model.Size, parallel.Threads) / 4) + 1);
    }

    private int Blocks => (_step.Past + _step.Added + BlockSize - 1) / BlockSize;

    private long CacheFloats => (long)_step.Sequences * Blocks * BlockSize * _model.KvHeads * _model.Size;

    public static void Run(SpinParallel parallel, int rounds, long footprint, string filter)
    {
        foreach (var model in new[] { (14, 2, 64), (32, 8, 128), (8, 8, 64) })
        {
            foreach (var step in new[] { (32, 1023, 1), (1, 8191, 1), (1, 0, 512) })
            {
                var name = $"Attention {model.Item1}/{model.Item2} x {model.Item3}, {step.Item1} x {step.Item2} + {step.Item3}";
                if (name.Contains(filter, StringComparison.Ordinal))
                {
                    using var benchmark = new AttentionBenchmarks(parallel, footprint, model, step);
                    benchmark.Measure(name, rounds);
                }
            }
        }
    }

    public void Dispose() => _buffers.ForEach(buffer => Free((float*)buffer));

    private void Measure(string name, int rounds)
    {
        var (kernelLayer, streamLayer) = (0, _streams.Length / 2);
        var times = Timing.Interleave(rounds, [.. Types.Select(Once), () => _streams[streamLayer++ % _streams.Length].Run()]);
        var pairs = _step.Sequences * (((double)_step.Past * _step.Added) + (_step.Added * (_step.Added + 1.0) / 2));
        for (var i = 0; i < Types.Length; i++)
        {
            Report($"{name} {Types[i]}", CacheFloats * 2 * KvRows.Bytes(Types[i], _model.Size) / _model.Size,
                4 * pairs * _model.Heads * _model.Size, [times[i], times[^1]]);
        }

        Action Once(KvType type) => () =>
        {
            var layer = kernelLayer++ / Types.Length % _streams.Length;
            _arguments.CacheType = type;
            _arguments.KeyCache = (void*)_caches[2 * layer];
            _arguments.ValueCache = (void*)_caches[(2 * layer) + 1];
            PagedAttention.Run(_arguments, _workspace, _parallel);
        };
    }

    private PagedAttentionArguments Arguments()
    {
        var (sequences, past, added) = _step;
        var (heads, kvHeads, size) = _model;
        var tokens = sequences * added;
        var table = (int*)Buffer((long)sequences * Blocks);
        new Random(1).Shuffle(Iota(table, sequences * Blocks));
        var lengths = (int*)Buffer((2 * sequences) + 1);
        for (var b = 0; b < sequences; b++)
        {
            lengths[b] = b * added;
            lengths[sequences + 1 + b] = past;
        }

        lengths[sequences] = tokens;
        var kv = Buffer((long)tokens * kvHeads * size);
        var angles = Buffer((long)(past + added) * size);
        return new PagedAttentionArguments
        {
            Query = Buffer((long)tokens * heads * size), Key = kv, Value = kv, Cos = angles, Sin = angles, BlockTable = table,
                CumulativeLengths = lengths,
            PastLengths = lengths + sequences + 1, Output = Buffer((long)tokens * heads * size), Tokens = tokens, Sequences = sequences,
                Heads = heads, KvHeads = kvHeads,
            HeadSize = size, RotaryDims = size, MaxPositions = past + added, BlockSize = BlockSize, NumBlocks = sequences * Blocks,
            MaxBlocksPerSequence = Blocks, Scale = 0.1f,
        };
    }

    private float* Buffer(long floats)
    {
        var buffer = Floats(floats);
        _buffers.Add((nint)buffer);
        return buffer;
    }
}
