using AdapterServe.OnnxRuntime.Native;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.OnnxRuntime.CustomOps;

/// <summary>
/// <b>Semantics</b>: a named set of custom ops, for <see cref="OrtSessionOptions.AddCustomOps"/>. <b>Effects</b>: lives natively until it and all sessions that
/// use it are disposed; one domain may serve several sessions. <b>Errors</b>: <see cref="InvalidOperationException"/> for a name that is added twice.
/// </summary>
public sealed unsafe class CustomOpDomain : IDisposable
{
    private readonly OrtApi _api;
    private readonly List<CustomOpRegistration> _registrations = [];

    public CustomOpDomain(OrtEnvironment environment, string name)
    {
        ArgumentNullException.ThrowIfNull(environment);
        _api = environment.Api;
        Name = name;
        using var text = new NativeText(name);
        void* domain;
        _api.Check(_api.CreateCustomOpDomain(text.Pointer, &domain));
        var registrations = _registrations;
        Handle = new NativeHandle(domain, _api.ReleaseCustomOpDomain, () => registrations.ForEach(registration => registration.Free()), environment.Handle);
    }

    public string Name { get; }

    internal NativeHandle Handle { get; }

    public void Add(CustomOp op)
    {
        ArgumentNullException.ThrowIfNull(op);
        if (_registrations.Exists(registration => registration.Op.Name == op.Name))
        {
            throw new InvalidOperationException($"The domain '{Name}' has an op '{op.Name}' already.");
        }

        var domain = Handle.Pointer;
        var registration = new CustomOpRegistration(_api, op);
        _registrations.Add(registration);
        _api.Check(_api.CustomOpDomainAdd(domain, registration.Table));
    }

    public void Dispose() => Handle.Dispose();

    internal Exception? TakeInferenceError()
    {
        Exception? first = null;
        foreach (var registration in _registrations)
        {
            first ??= registration.TakeInferenceError();
        }

        return first;
    }
}
