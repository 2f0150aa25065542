using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Scheduling;
using AdapterServe.OnnxRuntime.Sessions;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Execution;

/// <summary>
/// Runs steps through ONNX Runtime. Before each run it writes the plan into the graph's paged inputs and gathers the adapters for the site ops.
/// <b>Effects</b>: one thread; allocates no managed memory per step.
/// </summary>
internal sealed class OrtStepRunner : IStepRunner
{
    /// <summary>How long an idle worker spins before it sleeps: longer than the gap between two nodes, short beside a time slice. See docs/engine.md.</summary>
    private const string SpinMicroseconds = "20";

    private readonly StepAdapterBatch _adapters;
    private readonly AdapterServeOps _ops;
    private readonly OrtSession _session;
    private readonly OrtIoBinding _binding;
    private readonly KvCacheTensors _kvCache;
    private readonly TensorSlot _inputIds;
    private readonly TensorSlot? _positionIds;
    private readonly TensorSlot _logitsRows;
    private readonly TensorSlot _blockTable;
    private readonly TensorSlot _cumulativeLengths;
    private readonly TensorSlot _pastLengths;
    private readonly TensorSlot _logits;
    private readonly float _logitScale;
    private readonly float _logitSoftCap;

    public OrtStepRunner(OrtEnvironment environment, ImportedModel model, EngineOptions options, int totalBlocks)
    {
        VocabularySize = model.Shape.VocabularySize;
        (_logitScale, _logitSoftCap) = (model.Shape.LogitScale, model.Shape.LogitSoftCap);
        _adapters = new StepAdapterBatch(options.MaxSequences, options.MaxRows);
        Fusable = model.IsFusable ? new FusableBase(model.Base, options.Threads) : null;
        _ops = new AdapterServeOps(environment, model.Base.Sites, _adapters, model.Shape.KvFormat, options, Fusable);
        _session = CreateSession(environment, model, options.Threads);
        _binding = new OrtIoBinding(_session);
        _kvCache = new KvCacheTensors(environment, _binding, model.Shape, totalBlocks, options.BlockTokens);

        var rows = options.MaxRows;
        var sequences = options.MaxSequences;
        var blocks = Math.Min(totalBlocks, (model.Shape.ContextTokens + options.BlockTokens - 1) / options.BlockTokens);
        var memory = environment.CpuMemory;
        _inputIds = new TensorSlot(memory, GraphNames.InputIds, ElementType.Int64, (long)rows * sizeof(long));
        _positionIds = model.Shape.LearnedPositions ? new TensorSlot(memory, GraphNames.PositionIds, ElementType.Int64, (long)rows * sizeof(long)) : null;
        _logitsRows = new TensorSlot(memory, GraphNames.LogitsRows, ElementType.Int64, (long)rows * sizeof(long));
        _blockTable = new TensorSlot(memory, GraphNames.BlockTable, ElementType.Int32, (long)sequences * blocks * sizeof(int));
        _cumulativeLengths = new TensorSlot(memory, GraphNames.CumulativeSequenceLengths, ElementType.Int32, (sequences + 1L) * sizeof(int));
        _pastLengths = new TensorSlot(memory, GraphNames.PastSequenceLengths, ElementType.Int32, (long)sequences * sizeof(int));
        _logits = new TensorSlot(memory, GraphNames.Logits, ElementType.Float32, (long)rows * VocabularySize * sizeof(float));
    }

    public int VocabularySize { get; }

    public FusableBase? Fusable { get; }

    public Span<float> Run(StepPlan plan)
    {
        _adapters.Gather(plan);
        WriteRows(plan);
        WritePositions(_adapters.RowPositions);
        WriteSequences(plan);
        _kvCache.WritePrefixes(plan);
        _logits.Resize([plan.LogitRows, VocabularySize]);
        _logits.BindAsOutput(_binding);
        _session.RunWithBinding(_binding);
        _adapters.AddedLogits.Finish(_logitScale, _logitSoftCap);
        return _logits.AsSpan<float>(plan.LogitRows * VocabularySize);
    }

    public ReadOnlySpan<float> AddedLogits(int row) => _adapters.AddedLogits.Of(row);

    public ReadOnlySpan<float> Hidden(int row) => _adapters.Hidden.Of(row);

    public void Dispose()
    {
        foreach (var slot in (ReadOnlySpan<TensorSlot>)[_inputIds, _logitsRows, _blockTable, _cumulativeLengths, _pastLengths, _logits])
        {
            slot.Dispose();
        }

        _positionIds?.Dispose();
        _binding.Dispose();
        _session.Dispose();
        _kvCache.Dispose();
        _ops.Dispose();
        _adapters.Dispose();
        Fusable?.Dispose();
    }

    private OrtSession CreateSession(OrtEnvironment environment, ImportedModel model, int threads)
    {
        using var options = new OrtSessionOptions(environment);
        options.SetIntraOpThreads(threads);
        options.SetInterOpThreads(1);
        options.SetOptimizationLevel(GraphOptimizationLevel.All);

        options.AddConfigEntry("session.intra_op.spin_duration_us", SpinMicroseconds);

        // Every step has another number of rows; a memory pattern for each would only accumulate.
        options.DisableMemoryPattern();
        options.AddCustomOps(_ops.Domain);
        return model.CreateSession(environment, options);
    }

    private void WriteRows(StepPlan plan)
    {
        var ids = _inputIds.AsSpan<long>(plan.Rows);
        var logitsRows = _logitsRows.AsSpan<long>(plan.LogitRows);
        foreach (var entry in plan.Entries)
        {
            var tokens = entry.Sequence.TokensWithDrafts.Slice(entry.Past, entry.Rows);
            for (var row = 0; row < tokens.Length; row++)
            {
                // The base has no row for a virtual token, or for one that an adapter adds; they get their embeddings behind the gather.
                ids[entry.RowStart + row] = (uint)tokens[row] < (uint)VocabularySize ? tokens[row] : 0;
            }

            for (var row = 0; row < entry.LogitRows; row++)
            {
                logitsRows[entry.LogitStart + row] = entry.RowStart + entry.LogitOffset + row;
            }
        }

        Bind(_inputIds, [plan.Rows]);
        Bind(_logitsRows, [plan.LogitRows]);
    }

    private void WritePositions(ReadOnlySpan<int> positions)
    {
        if (_positionIds is null)
        {
            return;
        }

        var ids = _positionIds.AsSpan<long>(positions.Length);
        for (var row = 0; row < positions.Length; row++)
        {
            ids[row] = positions[row];
        }

        Bind(_positionIds, [positions.Length]);
    }

    private void WriteSequences(StepPlan plan)
    {
        var maxBlocks = 0;
        foreach (var entry in plan.Entries)
        {
            maxBlocks = Math.Max(maxBlocks, entry.Sequence.Table.Count);
        }

        var blockTable = _blockTable.AsSpan<int>(plan.Count * maxBlocks);
        var cumulative = _cumulativeLengths.AsSpan<int>(plan.Count + 1);
        var past = _pastLengths.AsSpan<int>(plan.Count);
        cumulative[0] = 0;
        for (var i = 0; i < plan.Count; i++)
        {
            var entry = plan.Entries[i];
            var blocks = entry.Sequence.Table.Blocks;
            blocks.CopyTo(blockTable[(i * maxBlocks)..]);
            blockTable.Slice(i * maxBlocks + blocks.Length, maxBlocks - blocks.Length).Clear();
            cumulative[i + 1] = entry.RowStart + entry.Rows;
            past[i] = entry.Past;
        }

        Bind(_blockTable, [plan.Count, maxBlocks]);
        Bind(_cumulativeLengths, [plan.Count + 1]);
        Bind(_pastLengths, [plan.Count]);
    }

    private void Bind(TensorSlot slot, ReadOnlySpan<long> shape)
    {
        slot.Resize(shape);
        slot.BindAsInput(_binding);
    }
}
