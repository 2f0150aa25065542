using AdapterServe.OnnxRuntime.CustomOps;

namespace AdapterServe.Engine.CustomOps;

/// <summary>The output of an op that changes one of its inputs.</summary>
internal static unsafe class SiteMemory
{
    /// <summary>Output 0 with the content of an input: the same memory where ONNX Runtime allows it, a copy where somebody else still reads the input.</summary>
    public static float* OutputOver(in KernelContext context, int inputIndex, int rows, int columns)
    {
        var input = (float*)context.InputData(inputIndex);
        var output = (float*)context.Output(0, [rows, columns]);
        if (input != output)
        {
            var bytes = (long)rows * columns * sizeof(float);
            Buffer.MemoryCopy(input, output, bytes, bytes);
        }

        return output;
    }
}
