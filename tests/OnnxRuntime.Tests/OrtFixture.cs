using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Sessions;
using AdapterServe.OnnxRuntime.Values;

[assembly: AssemblyFixture(typeof(AdapterServe.OnnxRuntime.Tests.OrtFixture))]

namespace AdapterServe.OnnxRuntime.Tests;

/// <summary>The process's environment, with a global pool of two threads, and short ways to make sessions.</summary>
public sealed class OrtFixture : IDisposable
{
    public OrtEnvironment Environment { get; } = new(new OrtEnvironmentOptions { LoggingLevel = OrtLoggingLevel.Fatal, GlobalThreads = 2 });

    public void Dispose() => Environment.Dispose();

    internal OrtSession Session(byte[] model, params ReadOnlySpan<CustomOp> ops) => Session(model, options => { }, ops);

    internal OrtSession Session(byte[] model, Action<OrtSessionOptions> configure, params ReadOnlySpan<CustomOp> ops)
    {
        using var options = new OrtSessionOptions(Environment);
        options.SetIntraOpThreads(2);
        configure(options);
        if (ops.IsEmpty)
        {
            return OrtSession.FromMemory(Environment, model, options);
        }

        using var domain = new CustomOpDomain(Environment, Models.TestModel.Domain);
        foreach (var op in ops)
        {
            domain.Add(op);
        }

        options.AddCustomOps(domain);
        return OrtSession.FromMemory(Environment, model, options);
    }

    internal OrtValue Tensor(float[] data, params ReadOnlySpan<long> shape)
    {
        var value = OrtValue.Allocate(Environment, shape, ElementType.Float32);
        data.CopyTo(value.AsSpan<float>());
        return value;
    }

    /// <summary>Runs with x as the only input and returns y.</summary>
    internal float[] Run(OrtSession session, float[] x, params ReadOnlySpan<long> shape)
    {
        using var input = Tensor(x, shape);
        using var output = session.Run([("x", input)], ["y"])[0];
        return output.AsSpan<float>().ToArray();
    }
}
