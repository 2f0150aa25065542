using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Scheduling;

namespace AdapterServe.Engine.Requests;

/// <summary>
/// The only door to the engine: checks a request against the model's limits and hands it over through a bounded queue. Thread safe.
/// </summary>
public sealed class EngineClient
{
    public const int MaxLaterAdapters = 16;
    private readonly RequestQueue _queue;
    private readonly EngineOptions _options;

    internal EngineClient(RequestQueue queue, ModelLimits limits, EngineOptions options)
    {
        (_queue, Limits, _options) = (queue, limits, options);
    }

    public ModelLimits Limits { get; }

    /// <summary>
    /// Queues a request. The adapter's lease passes to the engine, whatever happens. <b>Errors</b>: <see cref="ArgumentException"/> when the request breaks
    /// <see cref="Limits"/>; <see cref="EngineBusyException"/> when the queue is full or the server is stopping; <see cref="FusedConflictException"/>
    /// while another adapter is fused into the base.
    /// </summary>
    public Generation Submit(GenerationRequest request)
    {
        try
        {
            Check(request);
            var generation = new Generation(request, Limits.HiddenSize);
            var ends = Limits.EndIds.Union(request.EndIds);
            var sampling = new SamplingState(request.Sampling, ends, request.PromptTokens, request.MaxTokens, request.Guide, _queue.Wake);
            while (true)
            {
                var fused = RequireServable(request, _queue.Target);
                var sequence = new Sequence(
                    generation, sampling, _options.BlockTokens, Limits.LongRotation, _options.SpeculativeTokens, fused?.Digest);
                if (_queue.TryEnter(sequence, fused))
                {
                    return generation;
                }
            }
        }
        catch
        {
            request.ReleaseAdapters();
            throw;
        }
    }

    /// <summary>Passes what is fused on when the request is for that and nothing else.</summary>
    private static FusedTarget? RequireServable(GenerationRequest request, FusedTarget? fused) =>
        fused is null || (!fused.IsBroken && request.LaterAdapters.IsEmpty && request.Adapter?.Weights.Digest == fused.Digest)
            ? fused
            : throw new FusedConflictException(fused);

    private void Check(GenerationRequest request)
    {
        if (request.PromptTokens.Length == 0)
        {
            throw new ArgumentException("The prompt has no tokens.");
        }

        CheckAdapters(request);
        var before = AdapterSpans.VirtualTokensOf(request)?.Count ?? 0;
        if (request.MaxTokens < 0 || (long)before + request.PromptTokens.Length + request.MaxTokens > Limits.SequenceTokens)
        {
            throw new ArgumentException(
                $"The adapter's {before} virtual tokens, the prompt's {request.PromptTokens.Length} and {request.MaxTokens} new ones "
                + $"exceed the {Limits.SequenceTokens} tokens of a sequence.");
        }

        if (request.Guide is not null && request.Sampling.IgnoreEos)
        {
            throw new ArgumentException("An answer that is held to a form ends where that ends; its end ids can't be ignored.");
        }

        if (request.Pooling is not null && (request.MaxTokens > 0 || request.PromptLogProbs is not null))
        {
            throw new ArgumentException("A request that pools hidden states generates and scores nothing.");
        }

        CheckTokens(request);
    }

    /// <summary>The tokens that an adapter adds are known where it acts and nowhere else.</summary>
    private void CheckTokens(GenerationRequest request)
    {
        var (adapter, later) = (request.Adapter, 0);
        for (var i = 0; i < request.PromptTokens.Length; i++)
        {
            if (later < request.LaterAdapters.Length && request.LaterAdapters[later].FromToken == i)
            {
                adapter = request.LaterAdapters[later++].Adapter;
            }

            var vocabulary = Limits.VocabularySize + (adapter?.Weights.AddedTokens ?? 0);
            if ((uint)request.PromptTokens[i] >= (uint)vocabulary)
            {
                throw new ArgumentException($"Token id {request.PromptTokens[i]} is not in the vocabulary of {vocabulary}.");
            }
        }
    }

    private static void CheckAdapters(GenerationRequest request)
    {
        if (request.LaterAdapters.Length > MaxLaterAdapters)
        {
            throw new ArgumentException($"{request.LaterAdapters.Length} adapters take over within the prompt; at most {MaxLaterAdapters} may.");
        }

        if (request.LaterAdapters.Select(later => later.Adapter).Append(request.Adapter).Any(lease => lease?.Weights.NeedsOthers == true))
        {
            throw new ArgumentException("An adapter means something only together with others.");
        }

        var from = 0;
        foreach (var later in request.LaterAdapters)
        {
            if (later.FromToken <= from || later.FromToken >= request.PromptTokens.Length)
            {
                throw new ArgumentException(
                    $"An adapter takes over at token {later.FromToken}; such places ascend and lie within the prompt's "
                    + $"{request.PromptTokens.Length} tokens, after the first.");
            }

            if (later.Adapter?.Weights.VirtualTokens is not null)
            {
                throw new ArgumentException("An adapter with virtual tokens stands before the whole prompt; it can't take over within it.");
            }

            from = later.FromToken;
        }
    }
}
