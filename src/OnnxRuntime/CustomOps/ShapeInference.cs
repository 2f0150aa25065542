using System.Runtime.InteropServices;
using AdapterServe.OnnxRuntime.Native;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.OnnxRuntime.CustomOps;

/// <summary>
/// <b>Semantics</b>: the shapes of a node's inputs as far as they are known at load, and the place to say the outputs'. Valid during <see cref="CustomOp.InferShapes"/> only.
/// The C API does not tell a scalar from an unknown shape, so inputs without dimensions count as unknown.
/// <b>Errors</b>: <see cref="OnnxRuntimeException"/> for an index out of range and for an attribute that is absent or no integer.
/// </summary>
public sealed unsafe class ShapeInference
{
    private readonly OrtApi _api;
    private readonly void* _context;
    private readonly CustomOp _op;
    private readonly Func<string> _freshName;

    internal ShapeInference(OrtApi api, void* context, CustomOp op, Func<string> freshName)
    {
        _api = api;
        _context = context;
        _op = op;
        _freshName = freshName;
    }

    public int InputCount
    {
        get
        {
            nuint count;
            _api.Check(_api.ShapeInferContextGetInputCount(_context, &count));
            return (int)count;
        }
    }

    public bool TryGetInput(int index, out Dimension[] shape)
    {
        // The context owns this object.
        void* info;
        _api.Check(_api.ShapeInferContextGetInputTypeShape(_context, (nuint)index, &info));
        nuint rank;
        _api.Check(_api.GetDimensionsCount(info, &rank));
        var sizes = new long[rank];
        var names = new nint[rank];
        fixed (long* sizesPointer = sizes)
        fixed (nint* namesPointer = names)
        {
            _api.Check(_api.GetDimensions(info, sizesPointer, rank));
            _api.Check(_api.GetSymbolicDimensions(info, (byte**)namesPointer, rank));
        }

        shape = new Dimension[rank];
        for (var i = 0; i < shape.Length; i++)
        {
            var name = Marshal.PtrToStringUTF8(names[i]);
            shape[i] = !string.IsNullOrEmpty(name) ? Dimension.Named(name) : sizes[i] >= 0 ? Dimension.Of(sizes[i]) : Dimension.Unknown;
        }

        return shape.Length > 0;
    }

    public ElementType InputType(int index)
    {
        void* info;
        _api.Check(_api.ShapeInferContextGetInputTypeShape(_context, (nuint)index, &info));
        int type;
        _api.Check(_api.GetTensorElementType(info, &type));
        return (ElementType)type;
    }

    /// <summary>An attribute of the node.</summary>
    public long GetInt64(string attribute)
    {
        const int int64 = 1; // ORT_OP_ATTR_INT
        using var name = new NativeText(attribute);
        void* found;
        _api.Check(_api.ShapeInferContextGetAttribute(_context, name.Pointer, &found));
        long value;
        nuint size;
        _api.Check(_api.ReadOpAttr(found, int64, &value, sizeof(long), &size));
        return value;
    }

    /// <param name="output">The output's index.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="type">Needed only where the op declares the output as Any; without it that is the type of the first input declared as Any.</param>
    public void SetOutput(int output, ReadOnlySpan<Dimension> shape, ElementType? type = null)
    {
        void* info;
        _api.Check(_api.CreateTensorTypeAndShapeInfo(&info));
        try
        {
            _api.Check(_api.SetTensorElementType(info, (int)(type ?? TypeOf(output))));
            SetDimensions(info, shape);
            _api.Check(_api.ShapeInferContextSetOutputTypeShape(_context, (nuint)output, info));
        }
        finally
        {
            _api.ReleaseTensorTypeAndShapeInfo(info);
        }
    }

    private void SetDimensions(void* info, ReadOnlySpan<Dimension> shape)
    {
        var sizes = new long[shape.Length];
        var names = new nint[shape.Length];
        try
        {
            for (var i = 0; i < shape.Length; i++)
            {
                // A negative size would be taken literally: an unknown dimension needs a name that no other has.
                var name = shape[i].Size is not null ? "" : shape[i].Name ?? _freshName();
                sizes[i] = shape[i].Size ?? -1;
                names[i] = (nint)NativeText.Allocate(name);
            }

            fixed (long* sizesPointer = sizes)
            fixed (nint* namesPointer = names)
            {
                _api.Check(_api.SetDimensions(info, sizesPointer, (nuint)sizes.Length));
                _api.Check(_api.SetSymbolicDimensions(info, (byte**)namesPointer, (nuint)names.Length));
            }
        }
        finally
        {
            foreach (var name in names)
            {
                NativeMemory.Free((void*)name);
            }
        }
    }

    private ElementType TypeOf(int output)
    {
        var declared = _op.Outputs[Math.Min(output, _op.Outputs.Length - 1)].Type;
        for (var i = 0; declared == ElementType.Any && i < _op.Inputs.Length; i++)
        {
            if (_op.Inputs[i].Type == ElementType.Any)
            {
                return InputType(i);
            }
        }

        return declared;
    }
}
