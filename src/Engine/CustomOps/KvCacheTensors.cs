using System.Runtime.InteropServices;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Scheduling;
using AdapterServe.Kernels.Cpu;
using AdapterServe.OnnxRuntime.Sessions;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// The memory of the block pool: for each layer one tensor of keys and one of values, [blocks, block tokens, kv heads, head size or <see
/// cref="KvRows.Elements"/>], bound once.
/// <b>Layout</b>: 64-byte aligned and left as the system gives it, so that memory is taken only as blocks come into use.
/// </summary>
internal sealed unsafe class KvCacheTensors : IDisposable
{
    private const nuint Alignment = 64;
    private readonly List<TensorSlot> _slots = [];
    private readonly List<nint> _memory = [];
    private readonly int _blockTokens;
    private readonly int _width;
    private readonly int _headSize;
    private readonly KvType _type;

    public KvCacheTensors(OrtEnvironment environment, OrtIoBinding binding, ModelShape model, int totalBlocks, int blockTokens)
    {
        (_blockTokens, _width, _headSize, _type) = (blockTokens, model.KvHeads * model.HeadSize, model.HeadSize, KvFormats.TypeOf(model.KvFormat));
        var element = KvFormats.ElementTypeOf(model.KvFormat);
        ReadOnlySpan<long> shape = [totalBlocks, blockTokens, model.KvHeads, KvRows.Elements(_type, model.HeadSize)];
        var bytes = TensorSize.Bytes(element, shape);
        for (var layer = 0; layer < model.Layers; layer++)
        {
            foreach (var name in (ReadOnlySpan<string>)[GraphNames.KeyCache(layer), GraphNames.ValueCache(layer)])
            {
                var memory = NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
                _memory.Add((nint)memory);
                var slot = TensorSlot.Over(environment.CpuMemory, name, element, memory, bytes);
                _slots.Add(slot);
                slot.Resize(shape);
                slot.BindAsInput(binding);
            }
        }
    }

    /// <summary>Copies the prefixes of sequences that begin in this step into their blocks. Allocates nothing.</summary>
    public void WritePrefixes(StepPlan plan)
    {
        foreach (var entry in plan.Entries)
        {
            var sequence = entry.Sequence;
            for (var token = sequence.UnwrittenPrefix; token < sequence.VirtualCount; token++)
            {
                var slot = ((nint)sequence.Table.Blocks[token / _blockTokens] * _blockTokens) + (token % _blockTokens);
                Write(slot, sequence.VirtualTokens!.Row(token));
            }
        }
    }

    /// <summary><b>Shapes</b>: row [layers, 2, width], in the order of the tensors.</summary>
    private void Write(nint slot, ReadOnlySpan<float> row)
    {
        for (var i = 0; i < _memory.Count; i++)
        {
            KvRows.Write(_type, row.Slice(i * _width, _width), _headSize, (void*)_memory[i], slot);
        }
    }

    public void Dispose()
    {
        _slots.ForEach(slot => slot.Dispose());
        _memory.ForEach(memory => NativeMemory.AlignedFree((void*)memory));
        _slots.Clear();
        _memory.Clear();
    }
}
