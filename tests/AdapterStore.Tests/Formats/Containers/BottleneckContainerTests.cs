using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Tests.Formats.Containers;

/// <summary>Containers that are lowered to bottlenecks; what they compute is checked by the goldens.</summary>
public sealed class BottleneckContainerTests
{
    [Fact]
    public async Task The_mean_of_the_experts_is_taken_and_may_stand_in_the_file_with_or_without_them()
    {
        var both = await LowerAsync(SmallContainer.Mosa(), Up);
        Assert.Equal(both, await LowerAsync(SmallContainer.Mosa(mosa => Drop(mosa, "up_merge")), Up));
        Assert.Equal(both, await LowerAsync(SmallContainer.Mosa(mosa => Drop(mosa, "up.")), Up));

        static float[] Up(AdapterWeights weights)
        {
            var form = Assert.IsType<BottleneckWeights>(Assert.Single(weights.At(Bases.Small.FindSite("model.layers.1.mlp")!.Index).ToArray()));
            Assert.Equal((BottleneckInput.Input, Activation.Gelu, 3, 0.5f), (form.Input, form.Activation, form.Rank, form.Scale));
            return FormRunner.Run(form, [1, -2, 3, 0.5f, 0, 0, 1, 2]);
        }

        static void Drop(SmallContainer mosa, string part) =>
            mosa.Tensors.Keys.Where(name => name.Contains("adapter_" + part, StringComparison.Ordinal)).ToList().ForEach(name => mosa.Tensors.Remove(name));
    }

    [Theory]
    [InlineData("lora", "model.layers.1.self_attn.v_proj", 6, 4)]
    [InlineData("lora", "model.layers.0.self_attn.q_proj", 0, 8)]
    [InlineData("adaptformer", "model.layers.1.mlp", 2, 8)]
    public async Task Bits_become_the_two_values_of_their_matrix(string method, string path, int down, int outFeatures)
    {
        float[] x = [1, -2, 3, 0.5f, 0, 0, 1, 2];
        var y = await LowerAsync(SmallContainer.OneBit(method), weights => FormRunner.Run(Assert.Single(weights.At(Bases.Small.FindSite(path)!.Index).ToArray()), x));
        for (var o = 0; o < outFeatures; o++)
        {
            var expected = 0.0;
            for (var r = 0; r < 4; r++)
            {
                var d = Enumerable.Range(0, 8).Sum(h => SmallContainer.BitValue(down, r, h, 8) * x[h]);
                expected += 2 * SmallContainer.BitValue(down + 1, o, r, 4) * (method == "lora" ? d : Math.Max(d, 0));
            }

            Assert.Equal(expected, y[o], Tolerances.SmallDelta);
        }
    }

    [Fact]
    public async Task Bits_stay_bits_in_memory_and_in_the_description()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(Bases.Demo);
        var put = await storage.PutAsync("bits", TestData.Files(TestData.Adapter("robot-1bit-adaptformer")));
        Assert.Equal(("1bit-adaptformer", "1bit", "bottleneck"), (put.Descriptor.Kind, put.Descriptor.Dtype, Assert.Single(put.Descriptor.Forms)));
        Assert.Equal([32], put.Descriptor.Ranks);
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "bits"), TestContext.Current.CancellationToken);
        const long asF32 = 4 * 2 * 256 * 32 * sizeof(float);
        Assert.InRange(lease.Weights.Bytes, 1, asF32 / 25);
    }

    [Fact]
    public async Task A_convolution_keeps_one_row_less_than_it_has_taps_for_each_layer()
    {
        const int paddedRow = 16 * sizeof(float);
        Assert.Equal(2 * paddedRow, await LowerAsync(SmallContainer.Convolution(), weights => weights.SequenceStateBytes));
        Assert.Equal(0, await LowerAsync(SmallContainer.Mosa(), weights => weights.SequenceStateBytes));
    }

    private static async Task<T> LowerAsync<T>(SmallContainer container, Func<AdapterWeights, T> look)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        await storage.PutAsync("small", container.Files());
        using var lease = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "small"), TestContext.Current.CancellationToken);
        return look(lease.Weights);
    }
}
