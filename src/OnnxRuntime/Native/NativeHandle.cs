using System.Runtime.InteropServices;

namespace AdapterServe.OnnxRuntime.Native;

/// <summary>
/// <b>Semantics</b>: owns one native object and keeps alive the objects that it needs (its owners) until it is itself released, whatever the order in which
/// their wrappers are disposed or finalised. <b>Effects</b>: disposing twice is harmless; <see cref="Replace"/> is for objects used by one thread.
/// <b>Errors</b>: <see cref="Pointer"/> of a disposed handle throws <see cref="ObjectDisposedException"/>.
/// </summary>
internal sealed unsafe class NativeHandle : SafeHandle
{
    private readonly delegate* unmanaged[Cdecl]<void*, void> _release;
    private readonly NativeHandle[] _owners;
    private readonly Action? _afterRelease;

    public NativeHandle(void* value, delegate* unmanaged[Cdecl]<void*, void> release, Action? afterRelease, params ReadOnlySpan<NativeHandle> owners)
        : base(0, ownsHandle: true)
    {
        _release = release;
        _afterRelease = afterRelease;
        _owners = owners.ToArray();
        foreach (var owner in _owners)
        {
            var added = false;
            owner.DangerousAddRef(ref added);
        }

        SetHandle((nint)value);
    }

    public NativeHandle(void* value, delegate* unmanaged[Cdecl]<void*, void> release, params ReadOnlySpan<NativeHandle> owners)
        : this(value, release, null, owners)
    {
    }

    // Owners are released even where a slot has no object at the moment.
    public override bool IsInvalid => false;

    public void* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, typeof(NativeHandle));
            return (void*)handle;
        }
    }

    public void Replace(void* value)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        var old = (void*)handle;
        SetHandle((nint)value);
        if (old != null)
        {
            _release(old);
        }
    }

    protected override bool ReleaseHandle()
    {
        if (handle != 0)
        {
            _release((void*)handle);
        }

        _afterRelease?.Invoke();
        foreach (var owner in _owners)
        {
            owner.DangerousRelease();
        }

        return true;
    }
}
