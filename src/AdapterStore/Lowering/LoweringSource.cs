using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>
/// What a form is packed from: the adapter's file and the base's weights.
/// <b>Errors</b>: Unservable <c>not_finite</c>, <c>sparse_index</c>, <c>base_weights</c>.
/// </summary>
internal sealed class LoweringSource(ITensorSource file, IBaseWeights? baseWeights)
{
    private TensorValues? _values;

    /// <summary>In f64, for kinds that compute with them.</summary>
    public TensorValues Values => _values ??= new TensorValues(file, this);

    public IBaseWeights BaseWeights => baseWeights
        ?? throw StoreErrors.Unservable("base_weights", "The adapter is defined relative to the base's weights, which are not at hand.");

    public float[] Read(SafetensorsTensor tensor)
    {
        var values = new float[tensor.Elements];
        file.CopyToF32(tensor, values);
        return FiniteCheck.IsFinite(values)
            ? values
            : throw NotFinite(tensor);
    }

    /// <summary>A bf16 tensor as it is.</summary>
    public ushort[] ReadBF16(SafetensorsTensor tensor)
    {
        var values = file.Elements<ushort>(tensor);
        return FiniteCheck.IsFinite(values) ? values.ToArray() : throw NotFinite(tensor);
    }

    /// <summary>i32, i64, or whole numbers in f32, as some systems save them; others become -1, which no range holds.</summary>
    public int[] ReadIndices(SafetensorsTensor tensor) => tensor.DType switch
    {
        SafetensorsType.I32 => file.Elements<int>(tensor).ToArray(),
        SafetensorsType.I64 => Array.ConvertAll(file.Elements<long>(tensor).ToArray(), value => value is >= 0 and <= int.MaxValue ? (int)value : -1),
        _ => Array.ConvertAll(Read(tensor), value => value is >= 0 and < 1 << 24 && value == MathF.Floor(value) ? (int)value : -1),
    };

    public static void RequireRange(SafetensorsTensor tensor, ReadOnlySpan<int> indices, int limit)
    {
        foreach (var index in indices)
        {
            if (index < 0 || index >= limit)
            {
                throw StoreErrors.Unservable("sparse_index", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' points outside of the matrix; indices there go from 0 to {limit - 1}.");
            }
        }
    }

    /// <summary><b>Shapes</b>: [out, in].</summary>
    public float[] BaseWeight(Site site)
    {
        var weight = new float[checked(site.OutFeatures * site.InFeatures)];
        BaseWeights.Read(site, weight);
        return weight;
    }

    public static VectorWeights PackVector(WeightArena arena, Site site, FormKind form, float[] values) => FiniteCheck.IsFinite(values)
        ? VectorWeights.Pack(arena, form, site.InFeatures, site.OutFeatures, values)
        : throw StoreErrors.Unservable("not_finite", $"What the adapter does to '{site.Path}' is beyond the range of 32-bit floats.");

    private static AdapterStoreException NotFinite(SafetensorsTensor tensor) =>
        StoreErrors.Unservable("not_finite", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' holds NaN or infinity.");
}
