using AdapterServe.AdapterStore.Models;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// Whether a head is its model's embedding: an export holds it once more, transposed or quantised, and does not say so, but adapters that train the
/// one train the other then.
/// <b>Semantics</b>: rows that stand for all are equal, or, of a quantised weight, no further apart than rounding takes them; rows of another matrix
/// are about as far apart as they are long.
/// </summary>
internal static class TiedRows
{
    private const int Samples = 64;

    /// <summary>Squared, of the rows' length: 4 bits take away about 0.01, and independent rows are 2 apart.</summary>
    private const double MostRounding = 0.05;

    public static bool Are(IBaseWeights weights, Site embedding, Site head, bool isQuantised)
    {
        if (embedding.WeightRows != head.WeightRows || embedding.WeightColumns != head.WeightColumns)
        {
            return false;
        }

        var (first, second) = (new float[embedding.WeightColumns], new float[embedding.WeightColumns]);
        var (distance, length) = (0.0, 0.0);
        for (var sample = 0; sample < Math.Min(Samples, embedding.WeightRows); sample++)
        {
            var row = (int)((long)sample * embedding.WeightRows / Samples);
            weights.ReadRows(embedding, Math.Min(row, embedding.WeightRows - 1), first);
            weights.ReadRows(head, Math.Min(row, embedding.WeightRows - 1), second);
            for (var i = 0; i < first.Length; i++)
            {
                distance += ((double)first[i] - second[i]) * ((double)first[i] - second[i]);
                length += (double)first[i] * first[i];
            }
        }

        return distance <= (isQuantised ? MostRounding * length : 0);
    }
}
