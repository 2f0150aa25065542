using System.Runtime.InteropServices;
using AdapterServe.AdapterStore.Tests.Support;
using static AdapterServe.AdapterStore.Tests.Support.TorchBytes;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft;

/// <summary>PEFT's older adapter_model.bin.</summary>
public sealed class PickleLoraTests
{
    public static TheoryData<bool> Layouts => [false, true];

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task A_pickle_serves_what_the_safetensors_file_of_the_same_tensors_serves(bool legacy)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var lora = new SmallLora();
        var files = lora.Files();
        await storage.PutAsync("safe", files);
        files.Remove("adapter_model.safetensors");
        files["adapter_model.bin"] = Torch(lora, legacy);
        var put = await storage.PutAsync("pickle", files);
        Assert.Equal(("lora", "float32", "exact"), (put.Descriptor.Kind, put.Descriptor.Dtype, put.Descriptor.Exactness));

        using var safe = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "safe"), TestContext.Current.CancellationToken);
        using var pickle = await storage.Cache.AcquireAsync(storage.Catalog.Resolve("acme", "pickle"), TestContext.Current.CancellationToken);
        var x = Enumerable.Range(0, 8).Select(i => i - 2.5f).ToArray();
        foreach (var site in Bases.Small.Sites)
        {
            Assert.Equal(safe.Weights.At(site.Index).Length, pickle.Weights.At(site.Index).Length);
            for (var i = 0; i < safe.Weights.At(site.Index).Length; i++)
            {
                Assert.Equal(FormRunner.Run(safe.Weights.At(site.Index)[i], x), FormRunner.Run(pickle.Weights.At(site.Index)[i], x));
            }
        }
    }

    [Fact]
    public async Task Safetensors_are_read_where_there_are_both()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var files = new SmallLora().Files();
        files["adapter_model.bin"] = [1, 2, 3];
        Assert.True((await storage.PutAsync("both", files)).Created);
    }

    [Fact]
    public async Task A_pickle_that_does_more_leaves_nothing_behind()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        var files = new SmallLora().Files();
        files.Remove("adapter_model.safetensors");
        files["adapter_model.bin"] = Zip(Pickle("cos\nsystem\n", Text("true"), "\x85R"));
        var refused = await storage.RefusedAsync(files);
        Assert.Equal((AdapterErrorKind.Malformed, "pickle_global"), (refused.Kind, refused.Code));
        Assert.Empty(folder.AdapterFiles());
    }

    [Fact]
    public async Task The_file_that_PEFT_wrote_is_served()
    {
        using var folder = new TestFolder();
        using var storage = folder.Open(Bases.Llama("llama2", Bases.Fingerprint, layers: 3, hidden: 64, keys: 64, inner: 160, vocabulary: 666));
        var put = await storage.PutAsync("lora-pickle", TestData.Files(TestData.Adapter("llama2-lora-pickle")));
        Assert.Equal((6, "float32"), (put.Descriptor.Sites, put.Descriptor.Dtype));
        Assert.Equal([4], put.Descriptor.Ranks.AsEnumerable());
    }

    private static byte[] Torch(SmallLora lora, bool legacy)
    {
        var entries = lora.Tensors.Select((tensor, i) => (tensor.Key, Value: Named(i, tensor.Value.Shape), Bytes: MemoryMarshal.AsBytes(tensor.Value.Values.AsSpan()).ToArray())).ToList();
        var pickle = Pickle("}(", Join([.. entries.SelectMany(entry => new[] { Text(entry.Key), entry.Value })]), "u");
        return legacy
            ? Legacy(
                pickle,
                Pickle("](", Join([.. entries.Select((_, i) => Text("k" + i))]), "e"),
                [.. entries.Select(entry => Join(BitConverter.GetBytes(entry.Bytes.LongLength / sizeof(float)), entry.Bytes))])
            : Zip(pickle, [.. entries.Select((entry, i) => ("m/data/k" + i, entry.Bytes))]);
    }

    private static byte[] Named(int index, long[] shape) => Join(
        Rebuild, "(", Storage((int)(shape[0] * shape[1]), key: "k" + index), Int(0), Tuple((int)shape[0], (int)shape[1]), Tuple((int)shape[1], 1),
        "\x89", "ccollections\nOrderedDict\n)RtR");
}
