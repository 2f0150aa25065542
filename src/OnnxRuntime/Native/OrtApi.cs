using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace AdapterServe.OnnxRuntime.Native;

/// <summary>
/// <b>Semantics</b>: ONNX Runtime's function table, bound as version <see cref="Version"/>. The table only ever grows at its end, so an index holds for every
/// library that serves this version. A function returns null for success or an OrtStatus*, which <see cref="Check"/> turns into an exception.
/// <b>Effects</b>: a call allocates no managed memory unless it fails. Functions that are short, never block and never call back skip the GC transition.
/// <b>Source</b>: onnxruntime_c_api.h, version 24; the number in brackets is the function's place in struct OrtApi.
/// </summary>
internal readonly unsafe struct OrtApi(void** table)
{
    public const uint Version = 24;

    private readonly void** _table = table;

    public bool IsNull => _table == null;

    public void** Table => _table;

    public delegate* unmanaged[Cdecl]<int, byte*, void*> CreateStatus => (delegate* unmanaged[Cdecl]<int, byte*, void*>)_table[0];
    public delegate* unmanaged[Cdecl]<void*, int> GetErrorCode => (delegate* unmanaged[Cdecl]<void*, int>)_table[1];
    public delegate* unmanaged[Cdecl]<void*, byte*> GetErrorMessage => (delegate* unmanaged[Cdecl]<void*, byte*>)_table[2];
    public delegate* unmanaged[Cdecl]<int, byte*, void**, void*> CreateEnv => (delegate* unmanaged[Cdecl]<int, byte*, void**, void*>)_table[3];
    public delegate* unmanaged[Cdecl]<void*, byte*, void*, void**, void*> CreateSession => (delegate* unmanaged[Cdecl]<void*, byte*, void*, void**, void*>)_table[7];
    public delegate* unmanaged[Cdecl]<void*, void*, nuint, void*, void**, void*> CreateSessionFromArray => (delegate* unmanaged[Cdecl]<void*, void*, nuint, void*, void**, void*>)_table[8];
    public delegate* unmanaged[Cdecl]<void*, void*, byte**, void**, nuint, byte**, nuint, void**, void*> Run => (delegate* unmanaged[Cdecl]<void*, void*, byte**, void**, nuint, byte**, nuint, void**, void*>)_table[9];
    public delegate* unmanaged[Cdecl]<void**, void*> CreateSessionOptions => (delegate* unmanaged[Cdecl]<void**, void*>)_table[10];
    public delegate* unmanaged[Cdecl]<void*, byte*, void*> SetOptimizedModelFilePath => (delegate* unmanaged[Cdecl]<void*, byte*, void*>)_table[11];
    public delegate* unmanaged[Cdecl]<void*, int, void*> SetSessionExecutionMode => (delegate* unmanaged[Cdecl]<void*, int, void*>)_table[13];
    public delegate* unmanaged[Cdecl]<void*, byte*, void*> EnableProfiling => (delegate* unmanaged[Cdecl]<void*, byte*, void*>)_table[14];
    public delegate* unmanaged[Cdecl]<void*, void*> DisableMemPattern => (delegate* unmanaged[Cdecl]<void*, void*>)_table[17];
    public delegate* unmanaged[Cdecl]<void*, void*> DisableCpuMemArena => (delegate* unmanaged[Cdecl]<void*, void*>)_table[19];
    public delegate* unmanaged[Cdecl]<void*, int, void*> SetSessionLogSeverityLevel => (delegate* unmanaged[Cdecl]<void*, int, void*>)_table[22];
    public delegate* unmanaged[Cdecl]<void*, int, void*> SetSessionGraphOptimizationLevel => (delegate* unmanaged[Cdecl]<void*, int, void*>)_table[23];
    public delegate* unmanaged[Cdecl]<void*, int, void*> SetIntraOpNumThreads => (delegate* unmanaged[Cdecl]<void*, int, void*>)_table[24];
    public delegate* unmanaged[Cdecl]<void*, int, void*> SetInterOpNumThreads => (delegate* unmanaged[Cdecl]<void*, int, void*>)_table[25];
    public delegate* unmanaged[Cdecl]<byte*, void**, void*> CreateCustomOpDomain => (delegate* unmanaged[Cdecl]<byte*, void**, void*>)_table[26];
    public delegate* unmanaged[Cdecl]<void*, void*, void*> CustomOpDomainAdd => (delegate* unmanaged[Cdecl]<void*, void*, void*>)_table[27];
    public delegate* unmanaged[Cdecl]<void*, void*, void*> AddCustomOpDomain => (delegate* unmanaged[Cdecl]<void*, void*, void*>)_table[28];
    public delegate* unmanaged[Cdecl]<void*, nuint*, void*> SessionGetInputCount => (delegate* unmanaged[Cdecl]<void*, nuint*, void*>)_table[30];
    public delegate* unmanaged[Cdecl]<void*, nuint*, void*> SessionGetOutputCount => (delegate* unmanaged[Cdecl]<void*, nuint*, void*>)_table[31];
    public delegate* unmanaged[Cdecl]<void*, nuint, void*, byte**, void*> SessionGetInputName => (delegate* unmanaged[Cdecl]<void*, nuint, void*, byte**, void*>)_table[36];
    public delegate* unmanaged[Cdecl]<void*, nuint, void*, byte**, void*> SessionGetOutputName => (delegate* unmanaged[Cdecl]<void*, nuint, void*, byte**, void*>)_table[37];
    public delegate* unmanaged[Cdecl]<void**, void*> CreateRunOptions => (delegate* unmanaged[Cdecl]<void**, void*>)_table[39];
    public delegate* unmanaged[Cdecl]<void*, void*> RunOptionsSetTerminate => (delegate* unmanaged[Cdecl]<void*, void*>)_table[46];
    public delegate* unmanaged[Cdecl]<void*, void*> RunOptionsUnsetTerminate => (delegate* unmanaged[Cdecl]<void*, void*>)_table[47];
    public delegate* unmanaged[Cdecl]<void*, long*, nuint, int, void**, void*> CreateTensorAsOrtValue => (delegate* unmanaged[Cdecl]<void*, long*, nuint, int, void**, void*>)_table[48];
    public delegate* unmanaged[Cdecl]<void*, void*, nuint, long*, nuint, int, void**, void*> CreateTensorWithDataAsOrtValue => (delegate* unmanaged[Cdecl]<void*, void*, nuint, long*, nuint, int, void**, void*>)_table[49];
    public delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, void**, void*> GetTensorMutableData => (delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, void**, void*>)_table[51];
    public delegate* unmanaged[Cdecl]<void**, void*> CreateTensorTypeAndShapeInfo => (delegate* unmanaged[Cdecl]<void**, void*>)_table[57];
    public delegate* unmanaged[Cdecl]<void*, int, void*> SetTensorElementType => (delegate* unmanaged[Cdecl]<void*, int, void*>)_table[58];
    public delegate* unmanaged[Cdecl]<void*, long*, nuint, void*> SetDimensions => (delegate* unmanaged[Cdecl]<void*, long*, nuint, void*>)_table[59];
    public delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, int*, void*> GetTensorElementType => (delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, int*, void*>)_table[60];
    public delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, nuint*, void*> GetDimensionsCount => (delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, nuint*, void*>)_table[61];
    public delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, long*, nuint, void*> GetDimensions => (delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, long*, nuint, void*>)_table[62];
    public delegate* unmanaged[Cdecl]<void*, byte**, nuint, void*> GetSymbolicDimensions => (delegate* unmanaged[Cdecl]<void*, byte**, nuint, void*>)_table[63];
    public delegate* unmanaged[Cdecl]<void*, void**, void*> GetTensorTypeAndShape => (delegate* unmanaged[Cdecl]<void*, void**, void*>)_table[65];
    public delegate* unmanaged[Cdecl]<byte*, int, int, int, void**, void*> CreateMemoryInfo => (delegate* unmanaged[Cdecl]<byte*, int, int, int, void**, void*>)_table[68];
    public delegate* unmanaged[Cdecl]<int, int, void**, void*> CreateCpuMemoryInfo => (delegate* unmanaged[Cdecl]<int, int, void**, void*>)_table[69];
    public delegate* unmanaged[Cdecl]<void*, void*, void*> AllocatorFree => (delegate* unmanaged[Cdecl]<void*, void*, void*>)_table[76];
    public delegate* unmanaged[Cdecl]<void**, void*> GetAllocatorWithDefaultOptions => (delegate* unmanaged[Cdecl]<void**, void*>)_table[78];
    public delegate* unmanaged[Cdecl]<void*, byte*, float*, void*> KernelInfoGetAttributeFloat => (delegate* unmanaged[Cdecl]<void*, byte*, float*, void*>)_table[85];
    public delegate* unmanaged[Cdecl]<void*, byte*, long*, void*> KernelInfoGetAttributeInt64 => (delegate* unmanaged[Cdecl]<void*, byte*, long*, void*>)_table[86];
    public delegate* unmanaged[Cdecl]<void*, byte*, byte*, nuint*, void*> KernelInfoGetAttributeString => (delegate* unmanaged[Cdecl]<void*, byte*, byte*, nuint*, void*>)_table[87];
    public delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, nuint*, void*> KernelContextGetInputCount => (delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, nuint*, void*>)_table[88];
    public delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, nuint*, void*> KernelContextGetOutputCount => (delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, nuint*, void*>)_table[89];
    public delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, nuint, void**, void*> KernelContextGetInput => (delegate* unmanaged[Cdecl, SuppressGCTransition]<void*, nuint, void**, void*>)_table[90];
    public delegate* unmanaged[Cdecl]<void*, nuint, long*, nuint, void**, void*> KernelContextGetOutput => (delegate* unmanaged[Cdecl]<void*, nuint, long*, nuint, void**, void*>)_table[91];
    public delegate* unmanaged[Cdecl]<void*, void> ReleaseEnv => (delegate* unmanaged[Cdecl]<void*, void>)_table[92];
    public delegate* unmanaged[Cdecl]<void*, void> ReleaseStatus => (delegate* unmanaged[Cdecl]<void*, void>)_table[93];
    public delegate* unmanaged[Cdecl]<void*, void> ReleaseMemoryInfo => (delegate* unmanaged[Cdecl]<void*, void>)_table[94];
    public delegate* unmanaged[Cdecl]<void*, void> ReleaseSession => (delegate* unmanaged[Cdecl]<void*, void>)_table[95];
    public delegate* unmanaged[Cdecl]<void*, void> ReleaseValue => (delegate* unmanaged[Cdecl]<void*, void>)_table[96];
    public delegate* unmanaged[Cdecl]<void*, void> ReleaseRunOptions => (delegate* unmanaged[Cdecl]<void*, void>)_table[97];
    public delegate* unmanaged[Cdecl]<void*, void> ReleaseTensorTypeAndShapeInfo => (delegate* unmanaged[Cdecl]<void*, void>)_table[99];
    public delegate* unmanaged[Cdecl]<void*, void> ReleaseSessionOptions => (delegate* unmanaged[Cdecl]<void*, void>)_table[100];
    public delegate* unmanaged[Cdecl]<void*, void> ReleaseCustomOpDomain => (delegate* unmanaged[Cdecl]<void*, void>)_table[101];
    public delegate* unmanaged[Cdecl]<void*, void*, byte**, void*> SessionEndProfiling => (delegate* unmanaged[Cdecl]<void*, void*, byte**, void*>)_table[110];
    public delegate* unmanaged[Cdecl]<int, byte*, void*, void**, void*> CreateEnvWithGlobalThreadPools => (delegate* unmanaged[Cdecl]<int, byte*, void*, void**, void*>)_table[119];
    public delegate* unmanaged[Cdecl]<void*, void*> DisablePerSessionThreads => (delegate* unmanaged[Cdecl]<void*, void*>)_table[120];
    public delegate* unmanaged[Cdecl]<void**, void*> CreateThreadingOptions => (delegate* unmanaged[Cdecl]<void**, void*>)_table[121];
    public delegate* unmanaged[Cdecl]<void*, void> ReleaseThreadingOptions => (delegate* unmanaged[Cdecl]<void*, void>)_table[122];
    public delegate* unmanaged[Cdecl]<void*, byte*, byte*, void*> AddSessionConfigEntry => (delegate* unmanaged[Cdecl]<void*, byte*, byte*, void*>)_table[130];
    public delegate* unmanaged[Cdecl]<void*, void*, void*, void*> RunWithBinding => (delegate* unmanaged[Cdecl]<void*, void*, void*, void*>)_table[133];
    public delegate* unmanaged[Cdecl]<void*, void**, void*> CreateIoBinding => (delegate* unmanaged[Cdecl]<void*, void**, void*>)_table[134];
    public delegate* unmanaged[Cdecl]<void*, void> ReleaseIoBinding => (delegate* unmanaged[Cdecl]<void*, void>)_table[135];
    public delegate* unmanaged[Cdecl]<void*, byte*, void*, void*> BindInput => (delegate* unmanaged[Cdecl]<void*, byte*, void*, void*>)_table[136];
    public delegate* unmanaged[Cdecl]<void*, byte*, void*, void*> BindOutput => (delegate* unmanaged[Cdecl]<void*, byte*, void*, void*>)_table[137];
    public delegate* unmanaged[Cdecl]<void*, void> ClearBoundInputs => (delegate* unmanaged[Cdecl]<void*, void>)_table[141];
    public delegate* unmanaged[Cdecl]<void*, void> ClearBoundOutputs => (delegate* unmanaged[Cdecl]<void*, void>)_table[142];
    public delegate* unmanaged[Cdecl]<void*, int, void*> SetGlobalIntraOpNumThreads => (delegate* unmanaged[Cdecl]<void*, int, void*>)_table[147];
    public delegate* unmanaged[Cdecl]<void*, int, void*> SetGlobalInterOpNumThreads => (delegate* unmanaged[Cdecl]<void*, int, void*>)_table[148];
    public delegate* unmanaged[Cdecl]<void*, int, void*> SetGlobalSpinControl => (delegate* unmanaged[Cdecl]<void*, int, void*>)_table[149];
    public delegate* unmanaged[Cdecl]<void*, byte*, void*, void*> AddInitializer => (delegate* unmanaged[Cdecl]<void*, byte*, void*, void*>)_table[150];
    public delegate* unmanaged[Cdecl]<void*, void**, void*> KernelContextGetGpuComputeStream => (delegate* unmanaged[Cdecl]<void*, void**, void*>)_table[193];
    public delegate* unmanaged[Cdecl]<void*, void*, void*> AppendCudaProviderV2 => (delegate* unmanaged[Cdecl]<void*, void*, void*>)_table[204];
    public delegate* unmanaged[Cdecl]<void**, void*> CreateCudaProviderOptions => (delegate* unmanaged[Cdecl]<void**, void*>)_table[205];
    public delegate* unmanaged[Cdecl]<void*, byte**, byte**, nuint, void*> UpdateCudaProviderOptions => (delegate* unmanaged[Cdecl]<void*, byte**, byte**, nuint, void*>)_table[206];
    public delegate* unmanaged[Cdecl]<void*, void> ReleaseCudaProviderOptions => (delegate* unmanaged[Cdecl]<void*, void>)_table[208];
    public delegate* unmanaged[Cdecl]<void*, nuint*, void*> KernelInfoGetInputCount => (delegate* unmanaged[Cdecl]<void*, nuint*, void*>)_table[230];
    public delegate* unmanaged[Cdecl]<void*, nuint*, void*> KernelInfoGetOutputCount => (delegate* unmanaged[Cdecl]<void*, nuint*, void*>)_table[231];
    public delegate* unmanaged[Cdecl]<void*, byte*, nuint*, void*> KernelInfoGetNodeName => (delegate* unmanaged[Cdecl]<void*, byte*, nuint*, void*>)_table[244];
    public delegate* unmanaged[Cdecl]<void*, nuint*, void*> ShapeInferContextGetInputCount => (delegate* unmanaged[Cdecl]<void*, nuint*, void*>)_table[267];
    public delegate* unmanaged[Cdecl]<void*, nuint, void**, void*> ShapeInferContextGetInputTypeShape => (delegate* unmanaged[Cdecl]<void*, nuint, void**, void*>)_table[268];
    public delegate* unmanaged[Cdecl]<void*, byte*, void**, void*> ShapeInferContextGetAttribute => (delegate* unmanaged[Cdecl]<void*, byte*, void**, void*>)_table[269];
    public delegate* unmanaged[Cdecl]<void*, nuint, void*, void*> ShapeInferContextSetOutputTypeShape => (delegate* unmanaged[Cdecl]<void*, nuint, void*, void*>)_table[270];
    public delegate* unmanaged[Cdecl]<void*, byte**, nuint, void*> SetSymbolicDimensions => (delegate* unmanaged[Cdecl]<void*, byte**, nuint, void*>)_table[271];
    public delegate* unmanaged[Cdecl]<void*, int, void*, nuint, nuint*, void*> ReadOpAttr => (delegate* unmanaged[Cdecl]<void*, int, void*, nuint, nuint*, void*>)_table[272];
    public delegate* unmanaged[Cdecl]<void*, delegate* unmanaged[Cdecl]<void*, nuint, void>, nuint, nuint, void*, void*> KernelContextParallelFor => (delegate* unmanaged[Cdecl]<void*, delegate* unmanaged[Cdecl]<void*, nuint, void>, nuint, nuint, void*, void*>)_table[274];
    public delegate* unmanaged[Cdecl]<void*, nuint*, void*> GetTensorSizeInBytes => (delegate* unmanaged[Cdecl]<void*, nuint*, void*>)_table[318];

    /// <summary>Returns for null; otherwise releases the status and throws <see cref="OnnxRuntimeException"/> with its code and text.</summary>
    public void Check(void* status)
    {
        if (status != null)
        {
            Throw(status);
        }
    }

    /// <summary>A new status with code Fail; the caller of the callback releases it.</summary>
    public void* StatusOf(Exception error)
    {
        var text = (byte*)Marshal.StringToCoTaskMemUTF8(error is OnnxRuntimeException ? error.Message : $"{error.GetType().Name}: {error.Message}");
        var status = CreateStatus((int)OnnxRuntimeErrorCode.Fail, text);
        Marshal.FreeCoTaskMem((nint)text);
        return status;
    }

    [DoesNotReturn]
    private void Throw(void* status)
    {
        var code = (OnnxRuntimeErrorCode)GetErrorCode(status);
        var message = Marshal.PtrToStringUTF8((nint)GetErrorMessage(status)) ?? "ONNX Runtime gave no text.";
        ReleaseStatus(status);
        throw new OnnxRuntimeException(code, message);
    }
}
