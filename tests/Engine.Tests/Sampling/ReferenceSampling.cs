using AdapterServe.Engine.Sampling;

namespace AdapterServe.Engine.Tests.Sampling;

/// <summary>The distribution that a draw should have, computed in the most obvious way: sort everything, in double.</summary>
internal static class ReferenceSampling
{
    public static double[] Probabilities(float[] logits, SamplingParameters parameters)
    {
        double max = logits.Where(logit => !float.IsNaN(logit)).Max();
        double[] weights = [.. logits.Select(logit => float.IsNaN(logit) ? 0 : Math.Exp((logit - max) / parameters.Temperature))];
        int[] ranked = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => weights[id]).ThenBy(id => id)];
        if (parameters.TopK > 0)
        {
            ranked = [.. ranked.Take(parameters.TopK)];
        }

        double total = ranked.Sum(id => weights[id]);
        int kept = 1;
        while (kept < ranked.Length && parameters.TopP < 1 && ranked.Take(kept).Sum(id => weights[id]) < parameters.TopP * total)
        {
            kept++;
        }

        int[] final = [.. (parameters.TopP < 1 ? ranked.Take(kept) : ranked).Where(id => weights[id] >= parameters.MinP)];
        double sum = final.Sum(id => weights[id]);
        var probabilities = new double[logits.Length];
        foreach (int id in final)
        {
            probabilities[id] = weights[id] / sum;
        }

        return probabilities;
    }

    public static float[] RandomLogits(int count, int seed, double spread = 2)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * spread * 2))];
    }
}
