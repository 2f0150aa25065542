namespace AdapterServe.AdapterStore.Composition.Merging;

/// <summary>
/// Tensors of one shape → one tensor.
/// <b>Semantics</b>: pruning by magnitude keeps the ⌊density · n⌋ largest values of each tensor, of equal ones the first; by chance each value with the probability density, and
/// divides it by that. A density of 1 prunes nothing. Then Σ w_i t_i; with signs elected, at each place only of the t_i whose sign is that of Σ t_i (or, by frequency,
/// of Σ sign t_i; zero counts as plus), divided by their number.
/// <b>Effects</b>: changes the tensors. <b>Source</b>: PEFT's <c>merge_utils</c>; TIES arXiv:2306.01708; DARE arXiv:2311.03099.
/// </summary>
/// <param name="options">How.</param>
/// <param name="chances">For each tensor what random pruning draws from.</param>
internal sealed class TensorMerge(MergeOptions options, MergeChance[] chances)
{
    public double[] Combine(double[][] tensors, double[] weights)
    {
        for (var i = 0; i < tensors.Length && options.Density < 1; i++)
        {
            Prune(tensors[i], chances[i]);
        }

        var merged = new double[tensors[0].Length];
        for (var at = 0; at < merged.Length; at++)
        {
            merged[at] = options.Method.ElectsSigns ? Agreeing(tensors, weights, at) : Sum(tensors, weights, at);
        }

        return merged;
    }

    private static double Sum(double[][] tensors, double[] weights, int at)
    {
        var sum = 0.0;
        for (var i = 0; i < tensors.Length; i++)
        {
            sum += weights[i] * tensors[i][at];
        }

        return sum;
    }

    private double Agreeing(double[][] tensors, double[] weights, int at)
    {
        var total = 0.0;
        foreach (var tensor in tensors)
        {
            total += options.ByFrequency ? Math.Sign(tensor[at]) : tensor[at];
        }

        var (elected, sum, count) = (total >= 0 ? 1 : -1, 0.0, 0);
        for (var i = 0; i < tensors.Length; i++)
        {
            if (Math.Sign(tensors[i][at]) == elected)
            {
                sum += weights[i] * tensors[i][at];
                count++;
            }
        }

        return sum / Math.Max(count, 1);
    }

    private void Prune(double[] tensor, MergeChance chance)
    {
        switch (options.Method.Pruning)
        {
            case MergePruning.Magnitude:
                KeepLargest(tensor, (int)(options.Density * tensor.Length));
                break;
            case MergePruning.Random:
                for (var at = 0; at < tensor.Length; at++)
                {
                    tensor[at] = chance.Keeps(at, options.Density) ? tensor[at] / options.Density : 0;
                }

                break;
        }
    }

    private static void KeepLargest(double[] tensor, int count)
    {
        if (count == 0)
        {
            Array.Clear(tensor);
            return;
        }

        var magnitudes = Array.ConvertAll(tensor, Math.Abs);
        Array.Sort(magnitudes);
        var least = magnitudes[^count];
        var equal = count - magnitudes.Count(magnitude => magnitude > least);
        for (var at = 0; at < tensor.Length; at++)
        {
            var magnitude = Math.Abs(tensor[at]);
            if (magnitude < least || (magnitude == least && equal-- <= 0))
            {
                tensor[at] = 0;
            }
        }
    }
}
