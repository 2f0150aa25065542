using AdapterServe.OnnxRuntime.Native;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.OnnxRuntime.Values;

/// <summary>Says where a buffer lives (which device, which allocator). <see cref="OrtEnvironment.CpuMemory"/> serves for all host memory.</summary>
public sealed unsafe class OrtMemoryInfo : IDisposable
{
    private const int DeviceAllocator = 0;

    /// <param name="environment">Stays alive as long as this object.</param>
    /// <param name="name">An allocator's name, e.g. <c>Cuda</c>.</param>
    /// <param name="deviceId">The device's number.</param>
    public OrtMemoryInfo(OrtEnvironment environment, string name, int deviceId)
    {
        ArgumentNullException.ThrowIfNull(environment);
        Api = environment.Api;
        using var text = new NativeText(name);
        void* info;
        Api.Check(Api.CreateMemoryInfo(text.Pointer, DeviceAllocator, deviceId, 0, &info));
        Handle = new NativeHandle(info, Api.ReleaseMemoryInfo, environment.Handle);
    }

    internal OrtMemoryInfo(OrtApi api, NativeHandle environment)
    {
        Api = api;
        void* info;
        api.Check(api.CreateCpuMemoryInfo(DeviceAllocator, 0, &info));
        Handle = new NativeHandle(info, api.ReleaseMemoryInfo, environment);
    }

    internal OrtApi Api { get; }

    internal NativeHandle Handle { get; }

    public void Dispose() => Handle.Dispose();
}
