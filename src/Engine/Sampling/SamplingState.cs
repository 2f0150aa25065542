using System.Runtime.InteropServices;
using AdapterServe.Engine.Guided;

namespace AdapterServe.Engine.Sampling;

/// <summary>
/// What drawing a sequence's next token depends on: its parameters and what it holds so far. One per sequence, kept through preemption.
/// <b>Effects</b>: allocates when made, never afterwards; belongs to the engine's thread.
/// </summary>
public sealed class SamplingState
{
    private readonly Dictionary<int, int>? _counts;
    private readonly int[] _ends;

    /// <param name="parameters">The request's.</param>
    /// <param name="eosIds">The model's end ids.</param>
    /// <param name="promptTokens">Read only where the repetition penalty is on.</param>
    /// <param name="maxTokens">Most tokens that will be drawn.</param>
    /// <param name="guide">What the answer is held to, or null.</param>
    /// <param name="onGuided">Called by another thread when <see cref="MayDraw"/> has become true; null lets drawing wait instead.</param>
    public SamplingState(
        SamplingParameters parameters, IEnumerable<int> eosIds, ReadOnlySpan<int> promptTokens, int maxTokens, OutputGuide? guide = null, Action? onGuided = null)
    {
        Parameters = parameters;
        int[] eos = [.. eosIds];
        EndAndStopIds = [.. eos.Union(parameters.StopTokenIds)];
        _ends = parameters.IgnoreEos ? [.. parameters.StopTokenIds] : EndAndStopIds;
        Guide = guide is null ? null : new TokenGuide(guide, EndAndStopIds, onGuided);
        if (!HasPenalties)
        {
            return;
        }

        _counts = [];
        if (parameters.RepetitionPenalty != 1)
        {
            foreach (int token in promptTokens)
            {
                _counts[token] = 0;
            }
        }

        _counts.EnsureCapacity(_counts.Count + maxTokens);
    }

    public SamplingParameters Parameters { get; }

    /// <summary>Tokens drawn so far; the position that the next draw's random number depends on.</summary>
    public int GeneratedTokens { get; private set; }

    /// <summary>Whether it is known which tokens may come next; drawing before that waits.</summary>
    public bool MayDraw => Guide is null || Guide.IsReady;

    internal TokenGuide? Guide { get; }

    internal int[] EndAndStopIds { get; }

    internal bool HasPenalties => Parameters is not { RepetitionPenalty: 1, PresencePenalty: 0, FrequencyPenalty: 0 };

    /// <summary>A guided answer that is whole ends whatever the least number of tokens is.</summary>
    internal bool EndsAreBanned => GeneratedTokens < Parameters.MinTokens && EndAndStopIds.Length > 0 && Guide?.MustEnd != true;

    /// <summary>Whether this token ends the sequence: an end id that is not ignored, or a stop id.</summary>
    public bool EndsSequence(int token) => Array.IndexOf(_ends, token) >= 0;

    internal void Record(int token)
    {
        GeneratedTokens++;
        Guide?.Advance(token);
        if (_counts is not null)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_counts, token, out _)++;
        }
    }

    /// <summary>Repetition over prompt and generated tokens, then presence and frequency over generated ones.</summary>
    internal void ApplyPenalties(Span<float> logits)
    {
        if (_counts is null)
        {
            return;
        }

        foreach ((int token, int count) in _counts)
        {
            if ((uint)token >= (uint)logits.Length)
            {
                continue;
            }

            float logit = logits[token];
            logit = logit > 0 ? logit / Parameters.RepetitionPenalty : logit * Parameters.RepetitionPenalty;
            logits[token] = count > 0 ? logit - Parameters.PresencePenalty - (Parameters.FrequencyPenalty * count) : logit;
        }
    }
}
