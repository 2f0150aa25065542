using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// One of the linears that <see cref="BlockQuantizedProduct"/> computes from one x. <b>Shapes</b>: Bias [O] or null, Y [T, O].
/// </summary>
/// <param name="Weights">W [O, H].</param>
/// <param name="Bias">f32, or null.</param>
/// <param name="Y">f32 row-major.</param>
/// <param name="Segments">How many of the call's segments are its own, behind those of the linears before it.</param>
public readonly unsafe record struct BlockLinear(BlockProductWeights Weights, nint Bias, nint Y, int Segments)
{
    internal float* Output => (float*)Y;
}
