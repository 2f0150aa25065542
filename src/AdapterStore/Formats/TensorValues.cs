using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// The values of a file's tensors for kinds that compute with them at load.
/// <b>Units, dtype, layout</b>: f64, exact from f32, bf16 and f16, row-major.
/// <b>Errors</b>: Unservable <c>not_finite</c>, <c>index_range</c>, <c>base_weights</c>.
/// </summary>
internal sealed class TensorValues(ITensorSource file, LoweringSource source)
{
    private readonly Dictionary<string, double[]> _shared = new(StringComparer.Ordinal);

    public double[] Read(SafetensorsTensor tensor) => Array.ConvertAll(source.Read(tensor), value => (double)value);

    /// <summary>Of a tensor that many sites use: read once.</summary>
    public double[] ReadShared(SafetensorsTensor tensor)
    {
        if (!_shared.TryGetValue(tensor.Name, out var values))
        {
            _shared.Add(tensor.Name, values = Read(tensor));
        }

        return values;
    }

    /// <summary>See <see cref="LoweringSource.ReadIndices"/>.</summary>
    public int[] ReadIndices(SafetensorsTensor tensor, params ReadOnlySpan<int> limits) => source.ReadIndices(tensor, limits);

    /// <summary>The bytes of a u8 tensor.</summary>
    public ReadOnlySpan<byte> ReadBytes(SafetensorsTensor tensor) => file.Elements<byte>(tensor);

    public bool HaveEqualBytes(SafetensorsTensor first, SafetensorsTensor second) => file.Bytes(first).SequenceEqual(file.Bytes(second));

    /// <summary><b>Shapes</b>: [out, in].</summary>
    public float[] BaseWeight(Site site) => source.BaseWeight(site);

    /// <summary><b>Shapes</b>: [out]; zeros where the base has none.</summary>
    public float[] BaseBias(Site site) => source.BaseBias(site);
}
