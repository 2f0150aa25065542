using System.Runtime.InteropServices;
using AdapterServe.OnnxRuntime.Native;

namespace AdapterServe.OnnxRuntime.CustomOps;

/// <summary>A custom op in a domain: the native struct and strings that ONNX Runtime holds pointers to, until <see cref="Free"/>.</summary>
internal sealed unsafe class CustomOpRegistration
{
    private readonly GCHandle<CustomOpRegistration> _self;
    private Exception? _inferenceError;
    private int _unknownDimensions;

    public CustomOpRegistration(OrtApi api, CustomOp op)
    {
        Api = api;
        Op = op;
        NativeName = NativeText.Allocate(op.Name);
        NativeProvider = op.ExecutionProvider is { } provider ? NativeText.Allocate(provider) : null;
        _self = new GCHandle<CustomOpRegistration>(this);
        Table = (OrtCustomOpTable*)NativeMemory.AllocZeroed((nuint)sizeof(OrtCustomOpTable));
        CustomOpCallbacks.Fill(Table, op.InPlace);
        Table->Registration = GCHandle<CustomOpRegistration>.ToIntPtr(_self);
    }

    public OrtApi Api { get; }

    public CustomOp Op { get; }

    public byte* NativeName { get; private set; }

    public byte* NativeProvider { get; private set; }

    public OrtCustomOpTable* Table { get; private set; }

    public string FreshDimensionName() => $"{Op.Name}.unknown.{Interlocked.Increment(ref _unknownDimensions)}";

    /// <summary>ONNX Runtime drops the status of an inference; the session's creator asks for it here.</summary>
    public void KeepInferenceError(Exception error) => Interlocked.CompareExchange(ref _inferenceError, error, null);

    public Exception? TakeInferenceError() => Interlocked.Exchange(ref _inferenceError, null);

    public void Free()
    {
        NativeMemory.Free(Table);
        NativeMemory.Free(NativeName);
        NativeMemory.Free(NativeProvider);
        Table = null;
        NativeName = NativeProvider = null;
        _self.Dispose();
    }
}
