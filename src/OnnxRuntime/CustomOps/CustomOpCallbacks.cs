using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AdapterServe.OnnxRuntime.Native;

namespace AdapterServe.OnnxRuntime.CustomOps;

/// <summary>
/// What ONNX Runtime calls. <b>Errors</b>: no exception leaves a callback, as that would end the process; those that can return a status return the exception's
/// message.
/// </summary>
internal static unsafe class CustomOpCallbacks
{
#pragma warning disable CA1031 // Every callback catches everything, for the reason above.
    public static void Fill(OrtCustomOpTable* table, InPlace inPlace)
    {
        table->Version = OrtApi.Version;
        table->GetName = &GetName;
        table->GetExecutionProviderType = &GetExecutionProviderType;
        table->GetInputType = &GetInputType;
        table->GetInputTypeCount = &GetInputTypeCount;
        table->GetOutputType = &GetOutputType;
        table->GetOutputTypeCount = &GetOutputTypeCount;
        table->KernelDestroy = &DestroyKernel;
        table->GetInputCharacteristic = &GetInputCharacteristic;
        table->GetOutputCharacteristic = &GetOutputCharacteristic;
        table->GetInputMemoryType = &GetInputMemoryType;
        table->GetVariadicInputMinArity = &One;
        table->GetVariadicInputHomogeneity = &Zero;
        table->GetVariadicOutputMinArity = &One;
        table->GetVariadicOutputHomogeneity = &Zero;
        table->CreateKernelV2 = &CreateKernel;
        table->KernelComputeV2 = &Compute;
        table->InferOutputShape = &InferOutputShape;
        table->GetStartVersion = &One;
        table->GetEndVersion = &AnyVersion;
        table->ReleaseMayInplace = &ReleasePair;
        table->GetMayInplace = inPlace switch
        {
            InPlace.FirstInput => &FirstInputInPlace,
            InPlace.SecondInput => &SecondInputInPlace,
            _ => null,
        };
    }

    private static CustomOpRegistration Of(OrtCustomOpTable* table) =>
        GCHandle<CustomOpRegistration>.FromIntPtr(table->Registration).Target;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* GetName(OrtCustomOpTable* table) => Of(table).NativeName;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* GetExecutionProviderType(OrtCustomOpTable* table) => Of(table).NativeProvider;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetInputType(OrtCustomOpTable* table, nuint index) => (int)Of(table).Op.Inputs[(int)index].Type;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint GetInputTypeCount(OrtCustomOpTable* table) => (nuint)Of(table).Op.Inputs.Length;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetOutputType(OrtCustomOpTable* table, nuint index) => (int)Of(table).Op.Outputs[(int)index].Type;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint GetOutputTypeCount(OrtCustomOpTable* table) => (nuint)Of(table).Op.Outputs.Length;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetInputCharacteristic(OrtCustomOpTable* table, nuint index) => (int)Of(table).Op.Inputs[(int)index].Kind;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetOutputCharacteristic(OrtCustomOpTable* table, nuint index) => (int)Of(table).Op.Outputs[(int)index].Kind;

    // OrtMemTypeCPUInput is -2, OrtMemTypeDefault 0.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetInputMemoryType(OrtCustomOpTable* table, nuint index) => Of(table).Op.Inputs[(int)index].OnHost ? -2 : 0;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int One(OrtCustomOpTable* table) => 1;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Zero(OrtCustomOpTable* table) => 0;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int AnyVersion(OrtCustomOpTable* table) => int.MaxValue;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void* CreateKernel(OrtCustomOpTable* table, void** api, void* info, void** kernel)
    {
        var ortApi = new OrtApi(api);
        try
        {
            var created = Of(table).Op.CreateKernel(new KernelInfo(ortApi, info));
            created.Api = ortApi;
            *kernel = (void*)GCHandle<CustomOpKernel>.ToIntPtr(new GCHandle<CustomOpKernel>(created));
            return null;
        }
        catch (Exception e)
        {
            return ortApi.StatusOf(e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void* Compute(void* kernel, void* context)
    {
        var target = GCHandle<CustomOpKernel>.FromIntPtr((nint)kernel).Target;
        try
        {
            target.Compute(new KernelContext(target.Api, context));
            return null;
        }
        catch (Exception e)
        {
            return target.Api.StatusOf(e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void DestroyKernel(void* kernel)
    {
        var handle = GCHandle<CustomOpKernel>.FromIntPtr((nint)kernel);
        try
        {
            handle.Target.Dispose();
        }
        catch (Exception e)
        {
            // Nobody can be told: a session's end has no result.
            System.Diagnostics.Debug.Fail(e.Message);
        }
        finally
        {
            handle.Dispose();
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void* InferOutputShape(OrtCustomOpTable* table, void* context)
    {
        var registration = Of(table);
        try
        {
            registration.Op.InferShapes(new ShapeInference(registration.Api, context, registration.Op, registration.FreshDimensionName));
        }
        catch (Exception e)
        {
            registration.KeepInferenceError(e);
        }

        return null;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint FirstInputInPlace(int** inputs, int** outputs) => Pair(inputs, outputs, 0);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint SecondInputInPlace(int** inputs, int** outputs) => Pair(inputs, outputs, 1);

    private static nuint Pair(int** inputs, int** outputs, int input)
    {
        *inputs = (int*)NativeMemory.Alloc(sizeof(int));
        *outputs = (int*)NativeMemory.Alloc(sizeof(int));
        **inputs = input;
        **outputs = 0;
        return 1;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ReleasePair(int* inputs, int* outputs)
    {
        NativeMemory.Free(inputs);
        NativeMemory.Free(outputs);
    }
#pragma warning restore CA1031
}
