using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Reference;

/// <summary>Token by token and position by position, as the semantics read; sums and softmax in double.</summary>
internal static unsafe class PagedAttention
{
    public static void Run(in PagedAttentionArguments a)
    {
        for (var b = 0; b < a.Sequences; b++)
        {
            for (var token = a.CumulativeLengths[b]; token < a.CumulativeLengths[b + 1]; token++)
            {
                Store(a, b, token);
            }

            for (var token = a.CumulativeLengths[b]; token < a.CumulativeLengths[b + 1]; token++)
            {
                for (var head = 0; head < a.Heads; head++)
                {
                    Attend(a, b, token, head);
                }
            }
        }
    }

    private static int Position(in PagedAttentionArguments a, int sequence, int token) =>
        a.PastLengths[sequence] + token - a.CumulativeLengths[sequence];

    private static int Offset(in PagedAttentionArguments a, int sequence) => a.RotaryOffsets == null ? 0 : a.RotaryOffsets[sequence];

    private static long Row(in PagedAttentionArguments a, int sequence, int position, int kvHead)
    {
        long block = a.BlockTable[(sequence * a.MaxBlocksPerSequence) + (position / a.BlockSize)];
        return (((block * a.BlockSize) + (position % a.BlockSize)) * a.KvHeads) + kvHead;
    }

    private static void Store(in PagedAttentionArguments a, int sequence, int token)
    {
        var position = Position(a, sequence, token);
        for (var head = 0; head < a.KvHeads; head++)
        {
            var row = Row(a, sequence, position, head);
            var source = ((token * a.KvHeads) + head) * a.HeadSize;
            var rotated = Rotate(a, a.Key + source, position - Offset(a, sequence));
            Write(a, a.KeyCache, row, Array.ConvertAll(rotated, number => (float)number));
            Write(a, a.ValueCache, row, new ReadOnlySpan<float>(a.Value + source, a.HeadSize).ToArray());
        }
    }

    private static void Write(in PagedAttentionArguments a, void* cache, long row, float[] values)
    {
        var scale = values.Max(MathF.Abs) / 127;
        for (var i = 0; i < values.Length; i++)
        {
            switch (a.CacheType)
            {
                case KvType.F32: ((float*)cache)[(row * a.HeadSize) + i] = values[i]; break;
                case KvType.BF16: ((ushort*)cache)[(row * a.HeadSize) + i] = BF16.FromSingle(values[i]); break;
                default: ((sbyte*)cache)[(row * (a.HeadSize + sizeof(float))) + i] = Rounded(values[i], scale); break;
            }
        }

        if (a.CacheType == KvType.Int8)
        {
            *(float*)((sbyte*)cache + (row * (a.HeadSize + sizeof(float))) + a.HeadSize) = scale;
        }
    }

    private static sbyte Rounded(float value, float scale) => scale == 0 ? (sbyte)0 : (sbyte)Math.Round((double)value / scale);

    private static double Read(in PagedAttentionArguments a, void* cache, long row, int i)
    {
        var int8 = (sbyte*)cache + (row * (a.HeadSize + sizeof(float)));
        return a.CacheType switch
        {
            KvType.F32 => ((float*)cache)[(row * a.HeadSize) + i],
            KvType.BF16 => BF16.ToSingle(((ushort*)cache)[(row * a.HeadSize) + i]),
            _ => (double)int8[i] * *(float*)(int8 + a.HeadSize),
        };
    }

    private static double[] Rotate(in PagedAttentionArguments a, float* head, int position)
    {
        var half = a.RotaryDims / 2;
        var result = new double[a.HeadSize];
        for (var i = 0; i < a.HeadSize; i++)
        {
            result[i] = head[i];
        }

        for (var i = 0; i < half; i++)
        {
            double cos = a.Cos[(position * half) + i];
            double sin = a.Sin[(position * half) + i];
            result[i] = (head[i] * cos) - (head[half + i] * sin);
            result[half + i] = (head[half + i] * cos) + (head[i] * sin);
        }

        return result;
    }

    private static void Attend(in PagedAttentionArguments a, int sequence, int token, int head)
    {
        var position = Position(a, sequence, token);
        var kvHead = head / (a.Heads / a.KvHeads);
        var query = Rotate(a, a.Query + (((token * a.Heads) + head) * a.HeadSize), position - Offset(a, sequence));
        var first = a.Window == 0 ? 0 : Math.Max(0, position - a.Window + 1);
        var logits = new double[position + 1 - first];
        for (var j = first; j <= position; j++)
        {
            var row = Row(a, sequence, j, kvHead);
            var dot = 0.0;
            for (var i = 0; i < a.HeadSize; i++)
            {
                dot += query[i] * Read(a, a.KeyCache, row, i);
            }

            dot *= a.Scale;
            logits[j - first] = a.SoftCap == 0 ? dot : a.SoftCap * Math.Tanh(dot / a.SoftCap);
        }

        var maximum = logits.Max();
        var total = logits.Sum(logit => Math.Exp(logit - maximum));
        for (var i = 0; i < a.HeadSize; i++)
        {
            var sum = 0.0;
            for (var j = first; j <= position; j++)
            {
                sum += Math.Exp(logits[j - first] - maximum) / total * Read(a, a.ValueCache, Row(a, sequence, j, kvHead), i);
            }

            a.Output[(((token * a.Heads) + head) * a.HeadSize) + i] = (float)sum;
        }
    }
}
