using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: values = f(values), in place. <b>Shapes</b>: count a multiple of sixteen.
/// <b>Errors</b>: none; f is within 5e-7 max(1, |x|) of the function that <see cref="Activation"/> states.
/// </summary>
internal static unsafe class Activations
{
    public static void Apply<TLanes>(Activation activation, float* values, int count)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        switch (activation)
        {
            case Activation.Identity:
                break;
            case Activation.Relu:
                Run<TLanes, ReluFunction>(values, count);
                break;
            case Activation.ReluSquared:
                Run<TLanes, ReluSquaredFunction>(values, count);
                break;
            case Activation.Relu6:
                Run<TLanes, Relu6Function>(values, count);
                break;
            case Activation.LeakyRelu:
                Run<TLanes, LeakyReluFunction>(values, count);
                break;
            case Activation.Elu:
                Run<TLanes, EluFunction>(values, count);
                break;
            case Activation.Gelu:
                Run<TLanes, GeluFunction>(values, count);
                break;
            case Activation.GeluTanh:
                Run<TLanes, GeluTanhFunction>(values, count);
                break;
            case Activation.QuickGelu:
                Run<TLanes, QuickGeluFunction>(values, count);
                break;
            case Activation.Silu:
                Run<TLanes, SiluFunction>(values, count);
                break;
            case Activation.Sigmoid:
                Run<TLanes, SigmoidFunction>(values, count);
                break;
            case Activation.Tanh:
                Run<TLanes, TanhFunction>(values, count);
                break;
            case Activation.Mish:
                Run<TLanes, MishFunction>(values, count);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(activation), activation, "Unknown activation.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TLanes, TFunction>(float* values, int count)
        where TLanes : unmanaged, ILanes<TLanes>
        where TFunction : IFunction
    {
        for (var i = 0; i < count; i += Packing.Lanes)
        {
            TLanes.Store(TFunction.Of(TLanes.Load(values + i)), values + i);
        }
    }
}
