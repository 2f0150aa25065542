using AdapterServe.Engine.Execution;
using AdapterServe.Engine.Scheduling;

namespace AdapterServe.AdapterServer.Tests.Rest;

/// <summary>A model whose every run fails.</summary>
internal sealed class FailingRunner(Exception failure) : IStepRunner
{
    public int VocabularySize => 8;

    public Span<float> Run(StepPlan plan) => throw failure;

    public void Dispose()
    {
    }
}
