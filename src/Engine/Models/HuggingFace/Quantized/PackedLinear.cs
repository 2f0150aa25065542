using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.Models.HuggingFace.Quantized;

/// <summary>
/// A linear as GPTQ or AWQ packs it: <c>qweight</c>, <c>qzeros</c>, <c>scales</c> and, of GPTQ, <c>g_idx</c>. Output o's weight for input i is
/// (code[o, i] - zero[o, g]) * scale[o, g], g being the group of i.
/// <b>Shapes</b>: W weights a 32-bit word, G groups. qweight [in / W, out] (GPTQ) or [in, out / W] (AWQ), qzeros [G, out / W], scales [G, out], g_idx [in].
/// <b>Units, dtype, layout</b>: words from their low bits up, those of AWQ in the order 0, 2, 4, 6, 1, 3, 5, 7.
/// <b>Errors</b>: <see cref="ModelImportException"/> for tensors that don't fit the linear, and for orders of inputs that don't fill groups.
/// <b>Source</b>: AutoGPTQ qlinear_cuda.py, AutoAWQ gemm.py and packing_utils.py.
/// </summary>
internal sealed class PackedLinear
{
    /// <summary>Longer blocks than this gain nothing and are not available everywhere.</summary>
    private const int LongestBlock = 128;
    private const int ShortestBlock = 16;
    private static readonly ImmutableArray<int> AwqOrder = [0, 2, 4, 6, 1, 3, 5, 7];
    private static readonly ImmutableArray<int> PlainOrder = [0, 1, 2, 3, 4, 5, 6, 7];

    private static readonly string[] s_awqNames = [WeightName, "qzeros", "scales"];
    private static readonly string[] s_gptqNames = [.. s_awqNames, "g_idx"];

    private readonly QuantizationConfig _config;
    private readonly CheckpointTensor _weights;
    private readonly CheckpointTensor _zeros;
    private readonly CheckpointTensor _scales;
    private readonly int _groupSize;

    /// <param name="path">The module's path.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="config">How it is packed.</param>
    /// <param name="tensors">Those of the checkpoint.</param>
    public PackedLinear(string path, int columns, int rows, QuantizationConfig config, IReadOnlyDictionary<string, CheckpointTensor> tensors)
    {
        (Path, Columns, Rows, _config) = (path, columns, rows, config);
        _groupSize = Math.Min(config.GroupSize ?? columns, columns);
        var word = config.WordWeights;
        var groups = (columns + _groupSize - 1) / _groupSize;
        Require(columns % word == 0 && rows % word == 0, $"its sizes [{rows}, {columns}] are no multiples of {word}");
        _weights = config.Method == QuantizationMethod.Gptq ? Tensor(WeightName, columns / word, rows) : Tensor(WeightName, columns, rows / word);
        _zeros = Tensor("qzeros", groups, rows / word);
        _scales = Tensor("scales", groups, rows);
        (Format, GroupBlocks) = Blocks(config.Bits, groups);
        Order = tensors.ContainsKey($"{path}.g_idx") && config.Method == QuantizationMethod.Gptq ? ReadOrder(Tensor("g_idx", columns)) : null;

        CheckpointTensor Tensor(string name, params ReadOnlySpan<long> shape)
        {
            Require(tensors.TryGetValue($"{path}.{name}", out var tensor), $"the tensor '{path}.{name}' is missing");
            var isFloat = tensor!.Tensor.DType is SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.F32;
            Require(name == "scales" ? isFloat : tensor.Tensor.DType == SafetensorsType.I32, $"'{path}.{name}' is of the type {tensor.Tensor.DType}");
            Require(
                tensor.Tensor.HasShape(shape),
                $"'{path}.{name}' has the shape [{string.Join(", ", tensor.Tensor.Shape)}], but [{string.Join(", ", shape.ToArray())}] is needed");
            Require(tensor.Tensor.Bytes <= int.MaxValue, $"'{path}.{name}' has 2 GiB or more");
            return tensor;
        }
    }

    /// <summary>The tensor that tells a packed linear from another.</summary>
    public const string WeightName = "qweight";

    public string Path { get; }

    public int Columns { get; }

    public int Rows { get; }

    /// <summary>What it is repacked to; a group is one or more blocks.</summary>
    public BlockFormat Format { get; }

    /// <summary>Blocks of a group.</summary>
    public int GroupBlocks { get; }

    /// <summary>The input that stands at each place, so that groups are contiguous; null where they are in the file.</summary>
    public ImmutableArray<int>? Order { get; }

    /// <summary>The checkpoint's tensors that it is made of, its bias aside.</summary>
    public IEnumerable<string> TensorNames =>
        (_config.Method == QuantizationMethod.Gptq ? s_gptqNames : s_awqNames).Select(name => $"{Path}.{name}");

    /// <summary>
    /// <b>Semantics</b>: a code a byte, inputs in the file's order. <b>Shapes</b>: codes [a multiple of <see cref="QuantizationConfig.WordWeights"/> rows, Columns].
    /// </summary>
    public void ReadCodes(int firstRow, Span<byte> codes)
    {
        var words = Words(_weights);
        var rows = codes.Length / Columns;
        if (_config.Method == QuantizationMethod.Gptq)
        {
            for (var column = 0; column < Columns; column += _config.WordWeights)
            {
                var own = words.Slice((column / _config.WordWeights * Rows) + firstRow, rows);
                for (var row = 0; row < rows; row++)
                {
                    Unpack(own[row], PlainOrder, codes[((row * Columns) + column)..], stride: 1);
                }
            }

            return;
        }

        var wordsOfColumn = Rows / _config.WordWeights;
        for (var column = 0; column < Columns; column++)
        {
            for (var row = 0; row < rows; row += _config.WordWeights)
            {
                var word = words[(column * wordsOfColumn) + ((firstRow + row) / _config.WordWeights)];
                Unpack(word, AwqOrder, codes[((row * Columns) + column)..], Columns);
            }
        }
    }

    /// <summary><b>Shapes</b>: zeros [a multiple of <see cref="QuantizationConfig.WordWeights"/> rows, groups], a zero point a byte.</summary>
    public void ReadZeros(int firstRow, Span<byte> zeros)
    {
        var words = Words(_zeros);
        var groups = Groups;
        var order = _config.Method == QuantizationMethod.Gptq ? PlainOrder : AwqOrder;
        var wordsOfGroup = Rows / _config.WordWeights;
        for (var row = 0; row < zeros.Length / groups; row += _config.WordWeights)
        {
            for (var group = 0; group < groups; group++)
            {
                Unpack(words[(group * wordsOfGroup) + ((firstRow + row) / _config.WordWeights)], order, zeros[((row * groups) + group)..], groups);
            }
        }

        foreach (ref var zero in zeros)
        {
            // A zero point of 0 can't be told from an overflow of its neighbour there: packers subtract 1 and lose the borrow.
            Require(
                zero + _config.StoredZeroOffset < 1 << _config.Bits,
                "a stored zero point is the largest code, to which the format 'gptq' adds 1; convert the checkpoint to 'gptq_v2'");
            zero += (byte)_config.StoredZeroOffset;
        }
    }

    /// <summary><b>Shapes</b>: scales [rows, groups].</summary>
    public void ReadScales(int firstRow, Span<float> scales)
    {
        var (groups, rows) = (Groups, scales.Length / Groups);
        var ofGroup = new float[rows];
        for (var group = 0; group < groups; group++)
        {
            _scales.File.CopyToF32(_scales.Tensor, ((long)group * Rows) + firstRow, ofGroup);
            for (var row = 0; row < rows; row++)
            {
                scales[(row * groups) + group] = ofGroup[row];
            }
        }
    }

    /// <summary>Says that it won't be read again soon.</summary>
    public void Release() => _weights.File.Release(_weights.Tensor);

    public int Groups => (Columns + _groupSize - 1) / _groupSize;

    /// <summary>The group of a block.</summary>
    public int GroupOf(int block) => block / GroupBlocks;

    private static ReadOnlySpan<uint> Words(CheckpointTensor tensor) => MemoryMarshal.Cast<int, uint>(tensor.File.Elements<int>(tensor.Tensor));

    /// <summary>The weight in a word's i-th place goes to place order[i] of the destination.</summary>
    private void Unpack(uint word, ImmutableArray<int> order, Span<byte> destination, int stride)
    {
        var mask = (1u << _config.Bits) - 1;
        for (var i = 0; i < _config.WordWeights; i++, word >>= _config.Bits)
        {
            destination[order[i] * stride] = (byte)(word & mask);
        }
    }

    /// <summary>The longest blocks of which a group is made of; a single group may be longer than the inputs.</summary>
    private (BlockFormat Format, int GroupBlocks) Blocks(int bits, int groups)
    {
        if (groups == 1)
        {
            return (new BlockFormat(bits, LongestBlock), int.MaxValue);
        }

        var size = Math.Min(LongestBlock, 1 << BitOperations.TrailingZeroCount(_groupSize));
        Require(size >= ShortestBlock, $"groups of {_groupSize} inputs are not served; multiples of {ShortestBlock} are");
        return (new BlockFormat(bits, size), _groupSize / size);
    }

    private ImmutableArray<int>? ReadOrder(CheckpointTensor tensor)
    {
        var groups = tensor.File.Elements<int>(tensor.Tensor).ToArray();
        if (IsFilled(groups))
        {
            return null;
        }

        int[] order = [.. Enumerable.Range(0, Columns).OrderBy(input => groups[input])];
        Require(IsFilled(Array.ConvertAll(order, input => groups[input])), $"'{Path}.g_idx' does not share the inputs out in groups of {_groupSize}");
        return ImmutableCollectionsMarshal.AsImmutableArray(order);
    }

    private bool IsFilled(int[] groups)
    {
        for (var place = 0; place < groups.Length; place++)
        {
            if (groups[place] != place / _groupSize)
            {
                return false;
            }
        }

        return true;
    }

    private void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new ModelImportException("quantized_tensor", $"The packed linear '{Path}' can't be read: {otherwise}.");
        }
    }
}
