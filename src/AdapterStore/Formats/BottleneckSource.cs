using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// Reads the matrices of a bottleneck from a file: bf16 stays bf16 where both and the bias behind Up are bf16, all else becomes f32.
/// </summary>
internal static class BottleneckSource
{
    /// <summary><b>Shapes</b>: down [R, in], up [out, R], upBias [out].</summary>
    public static (MatrixParts Down, MatrixParts Up) Matrices(
        LoweringSource source, SafetensorsTensor down, SafetensorsTensor up, SafetensorsTensor? upBias)
    {
        var isHalf = down.DType == SafetensorsType.BF16 && up.DType == SafetensorsType.BF16 && upBias is not { DType: not SafetensorsType.BF16 };
        return (Matrix(source, down, isHalf), Matrix(source, up, isHalf));
    }

    public static float[]? Vector(LoweringSource source, SafetensorsTensor? tensor) => tensor is null ? null : source.Read(tensor);

    private static MatrixParts Matrix(LoweringSource source, SafetensorsTensor tensor, bool isHalf)
    {
        var (rows, columns) = ((int)tensor.Shape[0], (int)tensor.Shape[1]);
        return isHalf ? new BF16Matrix(rows, columns, source.ReadBF16(tensor).ToArray()) : new F32Matrix(rows, columns, source.Read(tensor));
    }
}
