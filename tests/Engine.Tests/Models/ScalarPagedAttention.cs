using AdapterServe.Engine.Models.Graph;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Tests.Models;

/// <summary>Attention over paged caches, written for reading: one row and one head at a time, in f64.</summary>
internal sealed unsafe class ScalarPagedAttention() : CustomOp(GraphNames.PagedAttention, s_inputs, [new OpParameter(ElementType.Float32)])
{
    private static readonly OpParameter[] s_inputs =
    [
        .. Enumerable.Repeat(new OpParameter(ElementType.Float32), 5),
        .. Enumerable.Repeat(new OpParameter(ElementType.Int32), 3),
        .. Enumerable.Repeat(new OpParameter(ElementType.Float32), 2),
    ];

    public override CustomOpKernel CreateKernel(KernelInfo info) =>
        new Kernel((int)info.GetInt64("heads"), (int)info.GetInt64("kv_heads"), (int)info.GetInt64("head_size"), info.GetSingle("scale"));

    private sealed class Kernel(int heads, int kvHeads, int headSize, float scale) : CustomOpKernel
    {
        public override void Compute(in KernelContext context)
        {
            Span<long> shape = stackalloc long[4];
            context.InputShape(3, shape);
            var blockSize = (int)shape[1];
            context.InputShape(5, shape);
            var (sequences, maxBlocks) = ((int)shape[0], (int)shape[1]);
            context.InputShape(0, shape);
            var output = (float*)context.Output(0, shape[..2]);
            var table = (int*)context.InputData(5);
            var cumulative = (int*)context.InputData(6);
            var past = (int*)context.InputData(7);
            for (var sequence = 0; sequence < sequences; sequence++)
            {
                for (var row = cumulative[sequence]; row < cumulative[sequence + 1]; row++)
                {
                    var position = past[sequence] + row - cumulative[sequence];
                    var blocks = table + (sequence * maxBlocks);
                    Store(context, row, position, Slot(blocks, blockSize, position));
                    for (var head = 0; head < heads; head++)
                    {
                        Attend(context, row, head, position, blocks, blockSize, output + (((row * heads) + head) * headSize));
                    }
                }
            }
        }

        private static long Slot(int* blocks, int blockSize, int position) => ((long)blocks[position / blockSize] * blockSize) + (position % blockSize);

        private void Store(in KernelContext context, int row, int position, long slot)
        {
            for (var head = 0; head < kvHeads; head++)
            {
                var source = ((row * kvHeads) + head) * headSize;
                var target = ((slot * kvHeads) + head) * headSize;
                var key = Rotate(context, (float*)context.InputData(1) + source, position);
                for (var i = 0; i < headSize; i++)
                {
                    ((float*)context.InputData(3))[target + i] = (float)key[i];
                    ((float*)context.InputData(4))[target + i] = ((float*)context.InputData(2))[source + i];
                }
            }
        }

        private double[] Rotate(in KernelContext context, float* vector, int position)
        {
            var half = headSize / 2;
            var cos = (float*)context.InputData(8) + (position * half);
            var sin = (float*)context.InputData(9) + (position * half);
            var rotated = new double[headSize];
            for (var i = 0; i < half; i++)
            {
                rotated[i] = ((double)vector[i] * cos[i]) - ((double)vector[i + half] * sin[i]);
                rotated[i + half] = ((double)vector[i + half] * cos[i]) + ((double)vector[i] * sin[i]);
            }

            return rotated;
        }

        private void Attend(in KernelContext context, int row, int head, int position, int* blocks, int blockSize, float* output)
        {
            var query = Rotate(context, (float*)context.InputData(0) + (((row * heads) + head) * headSize), position);
            var scores = new double[position + 1];
            for (var other = 0; other <= position; other++)
            {
                var key = (float*)context.InputData(3) + CacheOffset(blocks, blockSize, other, head);
                for (var i = 0; i < headSize; i++)
                {
                    scores[other] += query[i] * key[i] * scale;
                }
            }

            var highest = scores.Max();
            var total = scores.Sum(score => Math.Exp(score - highest));
            for (var i = 0; i < headSize; i++)
            {
                var sum = 0.0;
                for (var other = 0; other <= position; other++)
                {
                    sum += Math.Exp(scores[other] - highest) / total * ((float*)context.InputData(4))[CacheOffset(blocks, blockSize, other, head) + i];
                }

                output[i] = (float)sum;
            }
        }

        private long CacheOffset(int* blocks, int blockSize, int position, int head) =>
            ((Slot(blocks, blockSize, position) * kvHeads) + (head / (heads / kvHeads))) * headSize;
    }
}
