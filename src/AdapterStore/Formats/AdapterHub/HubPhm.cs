using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>
/// A parametrised hypercomplex multiplication: H = sum_i R_i ⊗ W_i, y = x H, computed at load.
/// <b>Shapes</b>: n terms; R [n, n, n] or factors [n, n, 1] and [n, 1, n]; W [n, in / n, out / n] or factors [n, in / n, k] and [n, k, out / n]; H [in, out].
/// R and W stand in each layer, or once for the whole adapter. <b>Source</b>: arXiv:2106.04647; the adapters library, methods/modeling.
/// </summary>
internal sealed class HubPhm
{
    private readonly int _terms;
    private readonly int _rank;
    private readonly int _inFeatures;
    private readonly int _outFeatures;
    private readonly SafetensorsTensor[] _rule;
    private readonly SafetensorsTensor[] _weight;

    private HubPhm(int terms, int rank, int inFeatures, int outFeatures, SafetensorsTensor[] rule, SafetensorsTensor[] weight) =>
        (_terms, _rank, _inFeatures, _outFeatures, _rule, _weight) = (terms, rank, inFeatures, outFeatures, rule, weight);

    public ImmutableArray<SafetensorsTensor> Sources => [.. _rule, .. _weight];

    public static HubPhm Take(ConfigValues config, HubAdapter adapter, string name, string position, int inFeatures, int outFeatures)
    {
        var (n, k) = (config.IntOr("phm_dim", 4), config.IntOr("phm_rank", 1));
        if (n < 1 || inFeatures % n != 0 || outFeatures % n != 0)
        {
            throw PeftAdapter.OutOfRange("phm_dim");
        }

        PeftAdapter.RequireRank("phm_rank", k);
        var shared = $"model.shared_parameters.{adapter.Name}.";
        var (rows, columns) = (inFeatures / n, outFeatures / n);
        var rule = config.FlagOr("shared_phm_rule", true) ? shared + "phm_rule" : name + ".phm_rule";
        var weight = config.Flag("shared_W_phm") ? $"{shared}W_{position}" : name + ".W";
        return new HubPhm(
            n,
            k,
            inFeatures,
            outFeatures,
            config.Flag("factorized_phm_rule")
                ? [adapter.Tensors.TakeShared(rule + "_left", n, n, 1), adapter.Tensors.TakeShared(rule + "_right", n, 1, n)]
                : [adapter.Tensors.TakeShared(rule, n, n, n)],
            config.FlagOr("factorized_phm_W", true)
                ? [adapter.Tensors.TakeShared(weight + "_left", n, rows, k), adapter.Tensors.TakeShared(weight + "_right", n, k, columns)]
                : [adapter.Tensors.TakeShared(weight, n, rows, columns)]);
    }

    /// <summary>The transpose of H. <b>Shapes</b>: [out, in].</summary>
    public float[] Read(LoweringSource source)
    {
        var (rows, columns) = (_inFeatures / _terms, _outFeatures / _terms);
        var rule = Terms(source, _rule, _terms, 1, _terms);
        var weight = Terms(source, _weight, rows, _rank, columns);
        var result = new double[(long)_outFeatures * _inFeatures];
        for (var i = 0; i < _terms; i++)
        {
            for (var o = 0; o < _outFeatures; o++)
            {
                var row = result.AsSpan(o * _inFeatures, _inFeatures);
                for (var h = 0; h < row.Length; h++)
                {
                    row[h] += rule[i][((h / rows) * _terms) + (o / columns)] * weight[i][((h % rows) * columns) + (o % columns)];
                }
            }
        }

        var narrow = Array.ConvertAll(result, value => (float)value);
        return FiniteCheck.IsFinite(narrow)
            ? narrow
            : throw StoreErrors.Unservable("not_finite", "The adapter's Kronecker products are beyond the range of 32-bit floats.");
    }

    /// <summary>Each term's matrix, from one tensor or from the product of two.</summary>
    private double[][] Terms(LoweringSource source, SafetensorsTensor[] parts, int rows, int inner, int columns)
    {
        var values = Array.ConvertAll(parts, source.Values.ReadShared);
        return [.. Enumerable.Range(0, _terms).Select(i => parts.Length == 1
            ? values[0][(i * rows * columns)..((i + 1) * rows * columns)]
            : DoubleMatrix.Multiply(values[0].AsSpan(i * rows * inner, rows * inner), values[1].AsSpan(i * inner * columns, inner * columns), rows, inner, columns))];
    }
}
