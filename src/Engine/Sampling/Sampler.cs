using AdapterServe.Engine.Guided;
using AdapterServe.Kernels.Cpu;

namespace AdapterServe.Engine.Sampling;

/// <summary>
/// Draws next tokens. <b>Semantics</b>: only those that a guided answer may have, logit bias, minimum tokens, penalties; then the greatest logit where the temperature is 0, else
/// temperature, top-k, top-p, min-p and a draw with a number that depends on seed and position alone. Ties go to the smaller id.
/// NaN counts as -∞; where nothing can be drawn, the smallest id that is not banned is.
/// <b>Effects</b>: one instance for the engine's thread; reuses its memory and allocates only where a vocabulary is larger than any before.
/// </summary>
public sealed class Sampler
{
    private const int BlockTokens = 512;

    private readonly RankedDraw _ranked = new();
    private readonly NucleusDraw _nucleus = new();
    private float[] _weights = [];
    private double[] _blockSums = [];

    /// <summary>The next token, which is recorded in <paramref name="state"/>. <b>Shapes</b>: logits [V], overwritten.</summary>
    public int Sample(Span<float> logits, SamplingState state)
    {
        Adjust(logits, state);
        int best = LogitScan.ArgMax(logits);
        int token = best switch
        {
            < 0 => SmallestAllowed(logits.Length, state),
            _ when state.Parameters.Temperature == 0 || float.IsPositiveInfinity(logits[best]) => best,
            _ => Draw(logits, logits[best], state),
        };
        state.Record(token);
        return token;
    }

    private static void Adjust(Span<float> logits, SamplingState state)
    {
        state.Guide?.Apply(logits);
        foreach ((int token, float bias) in state.Parameters.LogitBias.AsSpan())
        {
            if ((uint)token < (uint)logits.Length)
            {
                logits[token] += bias;
            }
        }

        if (state.EndsAreBanned)
        {
            foreach (int token in state.EndAndStopIds)
            {
                if ((uint)token < (uint)logits.Length)
                {
                    logits[token] = float.NegativeInfinity;
                }
            }
        }

        state.ApplyPenalties(logits);
    }

    private static int SmallestAllowed(int vocabulary, SamplingState state)
    {
        if (state.Guide is { } guide)
        {
            var allowed = guide.SmallestAllowed(vocabulary, state.EndsAreBanned);
            return allowed >= 0 ? allowed : throw new GuideException("No token of the model continues the answer as it must go on.");
        }

        for (int id = 0; id < vocabulary; id++)
        {
            if (!state.EndsAreBanned || Array.IndexOf(state.EndAndStopIds, id) < 0)
            {
                return id;
            }
        }

        return 0;
    }

    private int Draw(ReadOnlySpan<float> logits, float max, SamplingState state)
    {
        SamplingParameters parameters = state.Parameters;
        if (_weights.Length < logits.Length)
        {
            _weights = new float[logits.Length];
            _blockSums = new double[(logits.Length + BlockTokens - 1) / BlockTokens];
        }

        double uniform = Philox.Uniform(parameters.Seed, (ulong)state.GeneratedTokens);

        // A temperature so small that its inverse is infinite leaves differences of 0 undefined; the greatest finite one does the same work.
        float inverse = Math.Min(1 / parameters.Temperature, float.MaxValue);
        bool topK = parameters.TopK > 0 && parameters.TopK < logits.Length;
        if (topK && parameters.TopK <= RankedDraw.Most)
        {
            return _ranked.Draw(logits, max, inverse, parameters, uniform);
        }

        Span<float> weights = _weights.AsSpan(0, logits.Length);
        Logits.Weigh(logits, max, inverse, weights);
        if (topK || parameters.TopP < 1)
        {
            int token = _nucleus.Draw(logits, weights, max, parameters, uniform);
            return token >= 0 ? token : LogitScan.ArgMax(logits);
        }

        if (parameters.MinP > 0)
        {
            LogitScan.ClearBelow(weights, parameters.MinP);
        }

        return DrawById(uniform, logits.Length);
    }

    private int DrawById(double uniform, int vocabulary)
    {
        double total = 0;
        int blocks = (vocabulary + BlockTokens - 1) / BlockTokens;
        for (int block = 0; block < blocks; block++)
        {
            int start = block * BlockTokens;
            total += _blockSums[block] = LogitScan.Sum(_weights.AsSpan(start, Math.Min(BlockTokens, vocabulary - start)));
        }

        double target = uniform * total;
        double sum = 0;
        int at = 0;
        for (; at + 1 < blocks && sum + _blockSums[at] <= target; at++)
        {
            sum += _blockSums[at];
        }

        int last = 0;
        for (int id = at * BlockTokens; id < vocabulary; id++)
        {
            sum += _weights[id];
            last = _weights[id] > 0 ? id : last;
            if (sum > target && _weights[id] > 0)
            {
                return id;
            }
        }

        return _weights[last] > 0 ? last : LogitScan.ArgMax(_weights.AsSpan(0, vocabulary));
    }
}
