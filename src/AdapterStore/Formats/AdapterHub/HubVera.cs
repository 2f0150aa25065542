using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>y += s b B d A x, computed to two factors at load. <b>Shapes</b>: A [r, in] and B [out, r] of the whole adapter, d [r, r], b [out, out].</summary>
internal static class HubVera
{
    public static SiteTensors At(Site site, HubAdapter adapter, int rank, float scale)
    {
        var module = $"{site.Path}.loras.{adapter.Name}.";
        var shared = $"model.shared_parameters.{adapter.Name}.";
        var a = adapter.Tensors.TakeShared(shared + "lora_A", rank, site.InFeatures);
        var b = adapter.Tensors.TakeShared(shared + "lora_B", site.OutFeatures, rank);
        var d = adapter.Tensors.Take(module + "vera_D", rank, rank);
        var outer = adapter.Tensors.Take(module + "vera_B", site.OutFeatures, site.OutFeatures);
        return MadeTensors.Smaller(site, [a, b, d, outer], rank, values =>
        {
            var inner = DoubleMatrix.Multiply(values.ReadShared(b), values.Read(d), site.OutFeatures, rank, rank);
            var left = DoubleMatrix.Multiply(values.Read(outer), inner, site.OutFeatures, site.OutFeatures, rank);
            return new Factors(Array.ConvertAll(left, value => value * scale), values.ReadShared(a));
        });
    }
}
