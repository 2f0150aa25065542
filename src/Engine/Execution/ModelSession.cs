using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.Models;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Execution;

/// <summary>An imported model as an ONNX Runtime session over its mapped weights.</summary>
internal sealed class ModelSession : IDisposable
{
    private readonly MappedWeights _weights;

    public ModelSession(OrtEnvironment environment, ImportedModel model, CustomOpDomain ops, int threads)
    {
        using var options = new OrtSessionOptions(environment);
        options.SetIntraOpThreads(threads);
        options.SetInterOpThreads(1);
        options.SetOptimizationLevel(GraphOptimizationLevel.All);

        // Every step has another number of rows; patterns for each would only accumulate.
        options.DisableMemoryPattern();
        options.AddCustomOps(ops);
        _weights = new MappedWeights(environment, model.Weights, options);
        try
        {
            Session = OrtSession.FromFile(environment, model.GraphPath, options);
        }
        catch
        {
            _weights.Dispose();
            throw;
        }
    }

    public OrtSession Session { get; }

    public void Dispose()
    {
        Session.Dispose();
        _weights.Dispose();
    }
}
