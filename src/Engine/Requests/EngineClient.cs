using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Scheduling;

namespace AdapterServe.Engine.Requests;

/// <summary>
/// The only door to the engine: checks a request against the model's limits and hands it over through a bounded queue. Thread safe.
/// </summary>
public sealed class EngineClient
{
    private readonly RequestQueue _queue;
    private readonly int _blockTokens;

    internal EngineClient(RequestQueue queue, ModelLimits limits, int blockTokens)
    {
        (_queue, Limits, _blockTokens) = (queue, limits, blockTokens);
    }

    public ModelLimits Limits { get; }

    /// <summary>
    /// Queues a request. The adapter's lease passes to the engine, whatever happens. <b>Errors</b>: <see cref="ArgumentException"/> when the request breaks
    /// <see cref="Limits"/>; <see cref="EngineBusyException"/> when the queue is full or the server is stopping.
    /// </summary>
    public Generation Submit(GenerationRequest request)
    {
        try
        {
            Check(request);
            var generation = new Generation(request);
            var sampling = new SamplingState(request.Sampling, Limits.EndIds, request.PromptTokens, request.MaxTokens);
            _queue.Enter(new Sequence(generation, sampling, _blockTokens));
            return generation;
        }
        catch
        {
            request.Adapter?.Dispose();
            throw;
        }
    }

    private void Check(GenerationRequest request)
    {
        if (request.PromptTokens.Length == 0)
        {
            throw new ArgumentException("The prompt has no tokens.");
        }

        if (request.MaxTokens < 0 || (long)request.PromptTokens.Length + request.MaxTokens > Limits.SequenceTokens)
        {
            throw new ArgumentException(
                $"The prompt's {request.PromptTokens.Length} tokens and {request.MaxTokens} new ones exceed the {Limits.SequenceTokens} tokens of a sequence.");
        }

        foreach (var token in request.PromptTokens)
        {
            if ((uint)token >= (uint)Limits.VocabularySize)
            {
                throw new ArgumentException($"Token id {token} is not in the vocabulary of {Limits.VocabularySize}.");
            }
        }
    }
}
