using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.Containers.OneBit;

/// <summary>A matrix that stands in the file.</summary>
internal readonly record struct OneBitShape(string Name, int Rows, int Columns)
{
    public long Elements => (long)Rows * Columns;
}

/// <summary>
/// Matrices back to back without a header. <b>Layout</b>: each one bit an element, row-major, lowest bit of a byte first, then mean and deviation as
/// little-endian f32.
/// The bits are a tensor of bytes by the matrix' name, mean and deviation the tensor <see cref="MomentsOf"/>.
/// <b>Errors</b>: Malformed <c>one_bit_size</c> for a file of another length; Unservable <c>one_bit_shape</c> for a matrix that does not fill its
/// last byte.
/// </summary>
internal sealed class OneBitFile : MappedTensors
{
    private const int MomentBytes = 2 * sizeof(float);

    private OneBitFile(MappedFile mapped, IReadOnlyCollection<(SafetensorsTensor Tensor, TensorPlace Place)> tensors)
        : base(mapped, tensors)
    {
    }

    public static string MomentsOf(string name) => name + ".moments";

    public static OneBitFile Open(string path, ImmutableArray<OneBitShape> matrices)
    {
        var bytes = matrices.Sum(BytesOf);
        var mapped = MappedFile.Open(path);
        if (mapped.Length != bytes)
        {
            mapped.Dispose();
            throw StoreErrors.Malformed(
                "one_bit_size", $"The file of bits has {mapped.Length} bytes; with this configuration and base it must have {bytes}.");
        }

        var tensors = new List<(SafetensorsTensor, TensorPlace)>();
        var offset = 0L;
        foreach (var matrix in matrices)
        {
            offset = Add(tensors, new SafetensorsTensor(matrix.Name, SafetensorsType.U8, [matrix.Elements / 8], offset, matrix.Elements / 8));
            offset = Add(tensors, new SafetensorsTensor(MomentsOf(matrix.Name), SafetensorsType.F32, [2], offset, MomentBytes));
        }

        return new OneBitFile(mapped, tensors);
    }

    private static long BytesOf(OneBitShape matrix) => matrix.Elements % 8 == 0
        ? (matrix.Elements / 8) + MomentBytes
        : throw StoreErrors.Unservable(
            "one_bit_shape", $"A matrix of {matrix.Rows} by {matrix.Columns} bits does not fill its last byte, which the format drops; choose another width.");

    private static long Add(List<(SafetensorsTensor Tensor, TensorPlace Place)> tensors, SafetensorsTensor tensor)
    {
        tensors.Add((tensor, new TensorPlace(null, tensor.Offset, tensor.Bytes)));
        return tensor.Offset + tensor.Bytes;
    }
}
