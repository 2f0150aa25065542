using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using AdapterServe.OnnxRuntime.Native;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.OnnxRuntime.Sessions;

/// <summary>
/// <b>Semantics</b>: a loaded model. <b>Effects</b>: runs may come from several threads (with a binding each); the session may be disposed while one is under
/// way and then ends after it. <see cref="RunWithBinding"/> allocates no managed memory unless it fails.
/// <b>Errors</b>: <see cref="OnnxRuntimeException"/> with ONNX Runtime's text for a bad model, unfit values, a failed or terminated run;
/// the exception of a custom op's shape inference as it was thrown.
/// </summary>
public sealed unsafe class OrtSession : IDisposable
{
    // ONNX Runtime looks up a domain of custom ops and then adds it to a map of the process: two sessions made at once would both add it, and one fail.
    private static readonly Lock Creation = new();

    private readonly OrtEnvironment _environment;

    private OrtSession(OrtEnvironment environment, OrtSessionOptions options, void* session)
    {
        _environment = environment;
        Api = environment.Api;
        Handle = new NativeHandle(session, Api.ReleaseSession, options.SessionOwners());
        try
        {
            void* allocator;
            Api.Check(Api.GetAllocatorWithDefaultOptions(&allocator));
            nuint inputs, outputs;
            Api.Check(Api.SessionGetInputCount(session, &inputs));
            Api.Check(Api.SessionGetOutputCount(session, &outputs));
            InputNames = Names(Api.SessionGetInputName, (int)inputs, allocator);
            OutputNames = Names(Api.SessionGetOutputName, (int)outputs, allocator);
        }
        catch
        {
            Handle.Dispose();
            throw;
        }
    }

    public IReadOnlyList<string> InputNames { get; }

    public IReadOnlyList<string> OutputNames { get; }

    internal OrtApi Api { get; }

    internal NativeHandle Handle { get; }

    public static OrtSession FromFile(OrtEnvironment environment, string path, OrtSessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(options);
        using var text = new NativeText(path);
        void* session;
        void* status;
        lock (Creation)
        {
            status = environment.Api.CreateSession(environment.Handle.Pointer, text.Pointer, options.Handle.Pointer, &session);
        }

        return Created(environment, options, status, session);
    }

    /// <summary>The model's bytes are not needed after the call.</summary>
    public static OrtSession FromMemory(OrtEnvironment environment, ReadOnlySpan<byte> model, OrtSessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(options);
        void* session;
        fixed (byte* data = model)
        {
            void* status;
            lock (Creation)
            {
                status = environment.Api.CreateSessionFromArray(
                    environment.Handle.Pointer, data, (nuint)model.Length, options.Handle.Pointer, &session);
            }

            return Created(environment, options, status, session);
        }
    }

    /// <summary>Runs with named values and returns the outputs, which are the caller's to dispose. Allocates; for steps use <see cref="RunWithBinding"/>.</summary>
    public OrtValue[] Run(IReadOnlyList<(string Name, OrtValue Value)> inputs, IReadOnlyList<string> outputNames, OrtRunOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputNames);
        var names = new nint[inputs.Count + outputNames.Count];
        var values = new nint[inputs.Count];
        var results = new nint[outputNames.Count];
        var named = 0;
        var held = false;
        try
        {
            Handle.DangerousAddRef(ref held);
            for (var i = 0; i < inputs.Count; i++)
            {
                names[named++] = (nint)NativeText.Allocate(inputs[i].Name);
                values[i] = (nint)inputs[i].Value.Handle.Pointer;
            }

            for (var i = 0; i < outputNames.Count; i++)
            {
                names[named++] = (nint)NativeText.Allocate(outputNames[i]);
            }

            fixed (nint* allNames = names, inputValues = values, outputValues = results)
            {
                var nativeNames = (byte**)allNames;
                Api.Check(Api.Run(
                    (void*)Handle.DangerousGetHandle(), PointerOf(options), nativeNames, (void**)inputValues, (nuint)values.Length, nativeNames + inputs.Count, (nuint)results.Length, (void**)outputValues));
            }
        }
        finally
        {
            while (named > 0)
            {
                NativeMemory.Free((void*)names[--named]);
            }

            GC.KeepAlive(inputs);
            GC.KeepAlive(options);
            if (held)
            {
                Handle.DangerousRelease();
            }
        }

        return Array.ConvertAll(results, result => new OrtValue(Api, (void*)result, _environment.Handle));
    }

    public void RunWithBinding(OrtIoBinding binding, OrtRunOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(binding);
        var sessionHeld = false;
        var bindingHeld = false;
        try
        {
            Handle.DangerousAddRef(ref sessionHeld);
            binding.Handle.DangerousAddRef(ref bindingHeld);
            Api.Check(Api.RunWithBinding((void*)Handle.DangerousGetHandle(), PointerOf(options), (void*)binding.Handle.DangerousGetHandle()));
            GC.KeepAlive(options);
        }
        finally
        {
            if (bindingHeld)
            {
                binding.Handle.DangerousRelease();
            }

            if (sessionHeld)
            {
                Handle.DangerousRelease();
            }
        }
    }

    /// <summary>Ends profiling (see <see cref="OrtSessionOptions.EnableProfiling"/>) and returns the file that was written.</summary>
    public string EndProfiling()
    {
        void* allocator;
        byte* file;
        Api.Check(Api.GetAllocatorWithDefaultOptions(&allocator));
        Api.Check(Api.SessionEndProfiling(Handle.Pointer, allocator, &file));
        return Take(allocator, file);
    }

    public void Dispose() => Handle.Dispose();

    private static OrtSession Created(OrtEnvironment environment, OrtSessionOptions options, void* status, void* session)
    {
        // ONNX Runtime goes on when a shape inference fails, and what it then reports, if anything, is a consequence.
        var inference = options.TakeInferenceError();
        if (inference is null)
        {
            environment.Api.Check(status);
            return new OrtSession(environment, options, session);
        }

        if (status != null)
        {
            environment.Api.ReleaseStatus(status);
        }
        else
        {
            environment.Api.ReleaseSession(session);
        }

        ExceptionDispatchInfo.Throw(inference);
        return null!;
    }

    private static void* PointerOf(OrtRunOptions? options) => options is null ? null : options.Handle.Pointer;

    private string[] Names(delegate* unmanaged[Cdecl]<void*, nuint, void*, byte**, void*> get, int count, void* allocator)
    {
        var names = new string[count];
        for (var i = 0; i < count; i++)
        {
            byte* name;
            Api.Check(get(Handle.Pointer, (nuint)i, allocator, &name));
            names[i] = Take(allocator, name);
        }

        return names;
    }

    private string Take(void* allocator, byte* text)
    {
        var result = Marshal.PtrToStringUTF8((nint)text) ?? "";
        Api.Check(Api.AllocatorFree(allocator, text));
        return result;
    }
}
