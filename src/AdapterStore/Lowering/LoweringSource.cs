using System.Runtime.InteropServices;
using AdapterServe.AdapterStore.Computed;
using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>
/// What a form is packed from: the adapter's file and the base's weights.
/// <b>Errors</b>: Unservable <c>not_finite</c>, <c>index_range</c>, <c>base_weights</c>.
/// </summary>
internal sealed class LoweringSource(ITensorSource file, IBaseWeights? baseWeights, ComputedValues computed)
{
    private TensorValues? _values;

    /// <summary>In f64, for kinds that compute with them.</summary>
    public TensorValues Values => _values ??= new TensorValues(file, this);

    /// <summary>What an earlier load kept; for values that take long to compute.</summary>
    public ComputedValues Computed { get; } = computed;

    public IBaseWeights BaseWeights => baseWeights
        ?? throw StoreErrors.Unservable("base_weights", "The adapter is defined relative to the base's weights, which are not at hand.");

    public float[] Read(SafetensorsTensor tensor)
    {
        var values = new float[tensor.Elements];
        file.CopyToF32(tensor, values);
        return FiniteCheck.IsFinite(values) ? values : throw NotFinite(tensor);
    }

    /// <summary>As f32: the file's own memory where it holds f32.</summary>
    public ReadOnlySpan<float> ReadF32(SafetensorsTensor tensor)
    {
        if (tensor.DType != SafetensorsType.F32)
        {
            return Read(tensor);
        }

        var values = file.Elements<float>(tensor);
        return FiniteCheck.IsFinite(values) ? values : throw NotFinite(tensor);
    }

    /// <summary>A bf16 tensor as it is.</summary>
    public ReadOnlySpan<ushort> ReadBF16(SafetensorsTensor tensor)
    {
        var values = file.Elements<ushort>(tensor);
        return FiniteCheck.IsFinite(values) ? values : throw NotFinite(tensor);
    }

    /// <summary>
    /// Integers, or whole numbers in a float type, as some systems save them. The tensor is as many runs of equal length as there are <paramref name="limits"/>;
    /// the indices of each run go from 0 up to its limit.
    /// </summary>
    public int[] ReadIndices(SafetensorsTensor tensor, params ReadOnlySpan<int> limits)
    {
        var values = ReadWhole(tensor);
        var indices = new int[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var limit = limits[i / Math.Max(values.Length / limits.Length, 1)];
            indices[i] = values[i] >= 0 && values[i] < limit
                ? (int)values[i]
                : throw StoreErrors.Unservable("index_range", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' holds an index outside of its range, which goes from 0 to {limit - 1}.");
        }

        return indices;
    }

    /// <summary>What is no whole number that the type holds exactly becomes -1, which no range holds.</summary>
    private long[] ReadWhole(SafetensorsTensor tensor) => tensor.DType switch
    {
        SafetensorsType.U8 => [.. file.Elements<byte>(tensor)],
        SafetensorsType.I16 => Array.ConvertAll(file.Elements<short>(tensor).ToArray(), value => (long)value),
        SafetensorsType.I32 => Array.ConvertAll(file.Elements<int>(tensor).ToArray(), value => (long)value),
        SafetensorsType.I64 => file.Elements<long>(tensor).ToArray(),
        _ => Array.ConvertAll(Read(tensor), value => value is >= 0 and < 1 << 24 && value == MathF.Floor(value) ? (long)value : -1),
    };

    /// <summary><b>Shapes</b>: [out, in].</summary>
    public float[] BaseWeight(Site site)
    {
        var weight = new float[checked(site.OutFeatures * site.InFeatures)];
        BaseWeights.Read(site, weight);
        return weight;
    }

    /// <summary>The bias of the base's linear. <b>Shapes</b>: [out]; zeros where the base has none.</summary>
    public float[] BaseBias(Site site)
    {
        var bias = new float[site.OutFeatures];
        BaseWeights.TryReadBias(site, bias);
        return bias;
    }

    /// <summary>The smallest type that holds every value as it is.</summary>
    public static WeightType ExactType(ReadOnlySpan<float> values)
    {
        foreach (var bits in MemoryMarshal.Cast<float, uint>(values))
        {
            if ((ushort)bits != 0)
            {
                return WeightType.F32;
            }
        }

        return WeightType.BF16;
    }

    public static VectorWeights PackVector(WeightArena arena, Site site, FormKind form, float[] values) =>
        VectorWeights.Pack(arena, form, site.InFeatures, site.OutFeatures, RequireFinite(site, values));

    /// <summary>Values that were computed.</summary>
    public static float[] RequireFinite(Site site, float[] values) => FiniteCheck.IsFinite(values)
        ? values
        : throw StoreErrors.Unservable("not_finite", $"What the adapter does to '{site.Path}' is beyond the range of 32-bit floats.");

    private static AdapterStoreException NotFinite(SafetensorsTensor tensor) =>
        StoreErrors.Unservable("not_finite", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' holds NaN or infinity.");
}
