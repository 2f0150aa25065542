using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Scheduling;

namespace AdapterServe.Engine.Execution;

/// <summary>Runs the base model and the adapters of a step over its flattened batch.</summary>
internal interface IStepRunner : IDisposable
{
    int VocabularySize { get; }

    /// <summary>The weights that the runs read, where they may be written between runs; null where they are fixed.</summary>
    FusableBase? Fusable => null;

    /// <summary>
    /// <b>Semantics</b>: computes keys and values of all planned rows and the logits of the rows that need them.
    /// <b>Shapes</b>: [plan.LogitRows, <see cref="VocabularySize"/>], row-major; valid and writable until the next run.
    /// <b>Errors</b>: any exception means that the step had no effect that the engine may rely on.
    /// </summary>
    Span<float> Run(StepPlan plan);

    /// <summary>
    /// What continues a row of the last run's logits: those of the tokens that its adapter adds; empty where it adds none.
    /// </summary>
    ReadOnlySpan<float> AddedLogits(int row) => [];

    /// <summary>What the head read to compute a row of the last run's logits, in a step with a sequence that pools.</summary>
    ReadOnlySpan<float> Hidden(int row) => [];
}
