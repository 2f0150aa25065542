using System.Runtime.InteropServices;

namespace AdapterServe.OnnxRuntime.Native;

/// <summary>
/// <b>Layout</b>: struct OrtCustomOp of the C API (208 bytes), which ONNX Runtime reads, then a field of ours that the callbacks find behind it.
/// <b>Source</b>: onnxruntime_c_api.h, version 24.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct OrtCustomOpTable
{
    public uint Version;
    public delegate* unmanaged[Cdecl]<void*, void*, void*, void*> CreateKernel;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, byte*> GetName;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, byte*> GetExecutionProviderType;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, nuint, int> GetInputType;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, nuint> GetInputTypeCount;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, nuint, int> GetOutputType;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, nuint> GetOutputTypeCount;
    public delegate* unmanaged[Cdecl]<void*, void*, void> KernelCompute;
    public delegate* unmanaged[Cdecl]<void*, void> KernelDestroy;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, nuint, int> GetInputCharacteristic;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, nuint, int> GetOutputCharacteristic;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, nuint, int> GetInputMemoryType;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, int> GetVariadicInputMinArity;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, int> GetVariadicInputHomogeneity;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, int> GetVariadicOutputMinArity;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, int> GetVariadicOutputHomogeneity;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, void**, void*, void**, void*> CreateKernelV2;
    public delegate* unmanaged[Cdecl]<void*, void*, void*> KernelComputeV2;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, void*, void*> InferOutputShape;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, int> GetStartVersion;
    public delegate* unmanaged[Cdecl]<OrtCustomOpTable*, int> GetEndVersion;
    public delegate* unmanaged[Cdecl]<int**, int**, nuint> GetMayInplace;
    public delegate* unmanaged[Cdecl]<int*, int*, void> ReleaseMayInplace;
    public delegate* unmanaged[Cdecl]<int**, int**, nuint> GetAliasMap;
    public delegate* unmanaged[Cdecl]<int*, int*, void> ReleaseAliasMap;

    /// <summary>A GCHandle of the <see cref="CustomOps.CustomOpRegistration"/>.</summary>
    public nint Registration;
}
