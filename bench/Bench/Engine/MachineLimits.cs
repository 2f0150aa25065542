using AdapterServe.Bench.Kernels;
using AdapterServe.Bench.Products;
using AdapterServe.Engine.Models;

namespace AdapterServe.Bench.Engine;

/// <summary>What the machine can do at most, measured just now on as many threads as the engine has.</summary>
/// <param name="BytesPerSecond">Read from memory.</param>
/// <param name="FloatProducts">f32 multiply-adds a second.</param>
/// <param name="ByteProducts">Multiply-adds of bytes a second.</param>
internal sealed record MachineLimits(double BytesPerSecond, double FloatProducts, double ByteProducts)
{
    public static MachineLimits Measure(int threads) =>
        new(Streaming.BytesPerSecond(threads), FloatProductLimit.PerSecond(threads), ByteProductLimit.PerSecond(threads));

    public double BaseProducts(WeightFormat weights) => weights == WeightFormat.F32 ? FloatProducts : ByteProducts;
}
