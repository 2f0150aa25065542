using AdapterServe.Kernels.Cpu;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// Attention of one layer over KV blocks, see <see cref="PagedAttention"/>. <b>Shapes</b>: q [T, heads·d], k and v [T, kv_heads·d], key_cache and value_cache
/// [blocks, block_size, kv_heads, d; 4 more where each row has a scale] (written in place), block_table [B, max_blocks], cumulative_sequence_lengths
/// [B+1], past_sequence_lengths [B],
/// cos_table and sin_table [positions, rotating dimensions / 2], absent where nothing rotates; output [T, heads·d].
/// </summary>
internal sealed class PagedAttentionOp(StepState step, KvFormat kvFormat)
    : CustomOp(GraphNames.PagedAttention, Parameters(KvFormats.ElementTypeOf(kvFormat)), [new OpParameter(ElementType.Float32)])
{
    private const int Query = 0;
    private const int Key = 1;
    private const int Value = 2;
    private const int KeyCache = 3;
    private const int ValueCache = 4;
    private const int BlockTable = 5;
    private const int CumulativeLengths = 6;
    private const int PastLengths = 7;
    private const int Cos = 8;
    private const int Sin = 9;

    public static PagedAttentionOp For(StepState step, KvFormat kvFormat) => new(step, kvFormat) { OutputShapeInput = Query };

    public override CustomOpKernel CreateKernel(KernelInfo info) => new Kernel(step, new PagedAttentionArguments
    {
        Heads = (int)info.GetInt64("heads"),
        KvHeads = (int)info.GetInt64("kv_heads"),
        HeadSize = (int)info.GetInt64("head_size"),
        Scale = info.GetSingle("scale"),
        Window = (int)info.GetInt64("window", 0),
        SoftCap = info.GetSingle("softcap", 0),
        CacheType = KvFormats.TypeOf(kvFormat),
    });

    private static ReadOnlySpan<OpParameter> Parameters(ElementType cache) => new OpParameter[]
    {
        new(ElementType.Float32), new(ElementType.Float32), new(ElementType.Float32), new(cache), new(cache),
        new(ElementType.Int32), new(ElementType.Int32), new(ElementType.Int32),
        new(ElementType.Float32, OpParameterKind.Optional), new(ElementType.Float32, OpParameterKind.Optional),
    };

    private sealed unsafe class Kernel(StepState step, PagedAttentionArguments attributes) : CustomOpKernel
    {
        public override void Compute(in KernelContext context)
        {
            var call = attributes;
            call.Tokens = step.Adapters.Rows(RowKind.Tokens);
            call.RotaryOffsets = step.Adapters.RotaryOffsets;
            Point(context, ref call);
            Measure(context, ref call);
            var workspace = step.Workspace.Ensure(PagedAttention.WorkspaceBytes(
                call.Tokens, call.Sequences, step.Adapters.LongestContext, call.Heads, call.KvHeads, call.HeadSize, step.Parallel.Threads));
            PagedAttention.Run(call, workspace, step.Parallel.In(context));
        }

        private static void Point(in KernelContext context, ref PagedAttentionArguments call)
        {
            call.Query = (float*)context.InputData(Query);
            call.Key = (float*)context.InputData(Key);
            call.Value = (float*)context.InputData(Value);
            call.KeyCache = context.InputData(KeyCache);
            call.ValueCache = context.InputData(ValueCache);
            call.BlockTable = (int*)context.InputData(BlockTable);
            call.CumulativeLengths = (int*)context.InputData(CumulativeLengths);
            call.PastLengths = (int*)context.InputData(PastLengths);
            call.Cos = (float*)context.InputData(Cos);
            call.Sin = (float*)context.InputData(Sin);
            call.Output = (float*)context.Output(0, [call.Tokens, call.Heads * call.HeadSize]);
        }

        private static void Measure(in KernelContext context, ref PagedAttentionArguments call)
        {
            Span<long> shape = stackalloc long[4];
            context.InputShape(KeyCache, shape);
            (call.NumBlocks, call.BlockSize) = ((int)shape[0], (int)shape[1]);
            context.InputShape(BlockTable, shape);
            (call.Sequences, call.MaxBlocksPerSequence) = ((int)shape[0], (int)shape[1]);
            if (call.Cos != null)
            {
                context.InputShape(Cos, shape);
                (call.MaxPositions, call.RotaryDims) = ((int)shape[0], (int)shape[1] * 2);
            }
        }
    }
}
