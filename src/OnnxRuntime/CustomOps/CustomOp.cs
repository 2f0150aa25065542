namespace AdapterServe.OnnxRuntime.CustomOps;

/// <summary>
/// <b>Semantics</b>: an operator written in C#; each node of it gets a <see cref="CustomOpKernel"/> from <see cref="CreateKernel"/> when a session is made.
/// Of outputs of type Any, exactly one input of type Any says the type, or <see cref="InferShapes"/> does.
/// <b>Effects</b>: an op whose <see cref="InPlace"/> names an input writes into that input's memory where ONNX Runtime finds that nobody else reads it, and only
/// if the inferred shapes are equal; a kernel compares the pointers, and copies where they differ.
/// <b>Errors</b>: an exception of <see cref="CreateKernel"/> or a kernel reaches the caller of the session as <see cref="OnnxRuntimeException"/> with its message;
/// one of <see cref="InferShapes"/> as it was thrown.
/// </summary>
public abstract class CustomOp
{
    private readonly OpParameter[] _inputs;
    private readonly OpParameter[] _outputs;

    protected CustomOp(string name, ReadOnlySpan<OpParameter> inputs, ReadOnlySpan<OpParameter> outputs)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        _inputs = inputs.ToArray();
        _outputs = outputs.ToArray();
    }

    public string Name { get; }

    public ReadOnlySpan<OpParameter> Inputs => _inputs;

    public ReadOnlySpan<OpParameter> Outputs => _outputs;

    public InPlace InPlace { get; init; }

    /// <summary>The input whose shape output 0 has, for ops that don't override <see cref="InferShapes"/>. Null: the shape is unknown before a run.</summary>
    public int? OutputShapeInput { get; init; }

    /// <summary>The execution provider that runs the op, e.g. <c>CUDAExecutionProvider</c>. Null: the CPU.</summary>
    public string? ExecutionProvider { get; init; }

    public abstract CustomOpKernel CreateKernel(KernelInfo info);

    /// <summary>Says the outputs' shapes as far as they are known at load; may be called several times for a node.</summary>
    protected internal virtual void InferShapes(ShapeInference shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        if (OutputShapeInput is { } input && shapes.TryGetInput(input, out var shape))
        {
            shapes.SetOutput(0, shape);
        }
    }
}
