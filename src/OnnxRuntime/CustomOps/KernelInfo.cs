using System.Runtime.InteropServices;
using AdapterServe.OnnxRuntime.Native;

namespace AdapterServe.OnnxRuntime.CustomOps;

/// <summary>
/// <b>Semantics</b>: what is fixed of a node: its name, the counts of its inputs and outputs, its attributes. To be read in <see cref="CustomOp.CreateKernel"/> only.
/// <b>Errors</b>: an attribute without default that is absent, or of another type, throws <see cref="OnnxRuntimeException"/> with ONNX Runtime's text.
/// </summary>
public readonly unsafe ref struct KernelInfo
{
    private readonly OrtApi _api;
    private readonly void* _info;

    internal KernelInfo(OrtApi api, void* info)
    {
        _api = api;
        _info = info;
    }

    public int InputCount
    {
        get
        {
            nuint count;
            _api.Check(_api.KernelInfoGetInputCount(_info, &count));
            return (int)count;
        }
    }

    public int OutputCount
    {
        get
        {
            nuint count;
            _api.Check(_api.KernelInfoGetOutputCount(_info, &count));
            return (int)count;
        }
    }

    public string NodeName
    {
        get
        {
            nuint size = 0;
            _api.Check(_api.KernelInfoGetNodeName(_info, null, &size));
            var text = (byte*)NativeMemory.AllocZeroed(size + 1);
            try
            {
                _api.Check(_api.KernelInfoGetNodeName(_info, text, &size));
                return Marshal.PtrToStringUTF8((nint)text) ?? "";
            }
            finally
            {
                NativeMemory.Free(text);
            }
        }
    }

    public long GetInt64(string attribute)
    {
        using var name = new NativeText(attribute);
        long value;
        _api.Check(_api.KernelInfoGetAttributeInt64(_info, name.Pointer, &value));
        return value;
    }

    public long GetInt64(string attribute, long defaultValue)
    {
        using var name = new NativeText(attribute);
        long value;
        return Found(_api.KernelInfoGetAttributeInt64(_info, name.Pointer, &value)) ? value : defaultValue;
    }

    public float GetSingle(string attribute)
    {
        using var name = new NativeText(attribute);
        float value;
        _api.Check(_api.KernelInfoGetAttributeFloat(_info, name.Pointer, &value));
        return value;
    }

    public float GetSingle(string attribute, float defaultValue)
    {
        using var name = new NativeText(attribute);
        float value;
        return Found(_api.KernelInfoGetAttributeFloat(_info, name.Pointer, &value)) ? value : defaultValue;
    }

    public string GetString(string attribute)
    {
        using var name = new NativeText(attribute);
        nuint size = 0;
        _api.Check(_api.KernelInfoGetAttributeString(_info, name.Pointer, null, &size));
        return ReadString(name.Pointer, size);
    }

    public string GetString(string attribute, string defaultValue)
    {
        using var name = new NativeText(attribute);
        nuint size = 0;
        return Found(_api.KernelInfoGetAttributeString(_info, name.Pointer, null, &size)) ? ReadString(name.Pointer, size) : defaultValue;
    }

    private string ReadString(byte* name, nuint size)
    {
        var text = (byte*)NativeMemory.AllocZeroed(size + 1);
        try
        {
            _api.Check(_api.KernelInfoGetAttributeString(_info, name, text, &size));
            return Marshal.PtrToStringUTF8((nint)text) ?? "";
        }
        finally
        {
            NativeMemory.Free(text);
        }
    }

    private bool Found(void* status)
    {
        if (status == null)
        {
            return true;
        }

        _api.ReleaseStatus(status);
        return false;
    }
}
