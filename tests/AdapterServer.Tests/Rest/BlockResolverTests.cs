using System.Collections.Immutable;
using System.Text;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.AdapterStore.Composition.Blocks;

namespace AdapterServe.AdapterServer.Tests.Rest;

public sealed class BlockResolverTests
{
    private readonly List<string> _paths = [];

    [Fact]
    public void Averages_and_fusions_stand_within_a_stack_in_their_places()
    {
        var span = Assert.Single(Resolve("""
            {"name":"a"},{"combine":"average","adapters":[{"name":"b"},{"name":"c","weight":3}]},{"combine":"fuse","fusion":"f","adapters":[{"name":"d"},{"name":"e"}]}],"combine":"stack"
            """));
        var stack = Assert.IsType<StackBlock>(span.Block);
        Assert.Equal("a", Assert.IsType<SingleBlock>(stack.Children[0]).Name);
        var average = Assert.IsType<AverageBlock>(stack.Children[1]);
        Assert.Equal(["b", "c"], average.Children.Select(child => child.Name));
        Assert.Equal([0.25, 0.75], average.Weights);
        var fuse = Assert.IsType<FuseBlock>(stack.Children[2]);
        Assert.Equal(("d", "e", "f"), (fuse.Children[0].Name, fuse.Children[1].Name, fuse.Attention.Name));
        Assert.Equal(
            ["adapters[0].name", "adapters[1].adapters[0].name", "adapters[1].adapters[1].name", "adapters[2].adapters[0].name", "adapters[2].adapters[1].name", "adapters[2].fusion"], _paths);
    }

    [Fact]
    public void A_split_gives_each_adapter_its_span()
    {
        var spans = Resolve("""{"name":"a"},{"name":"b","from_token":4},{"name":"c","from_token":9}],"combine":"split" """);
        Assert.Equal([0, 4, 9], spans.Select(span => span.FromToken));
        Assert.Equal([0, 1, 2], spans.Select(span => Assert.IsType<SplitBlock>(span.Block).Index));
    }

    private ImmutableArray<AdapterSpan> Resolve(string adapters)
    {
        using var document = JsonBody.Parse(Encoding.UTF8.GetBytes($$"""{"model":"demo","adapters":[{{adapters}}}"""));
        return new BlockResolver((part, path) =>
        {
            _paths.Add(path);
            return new MixturePart(part.Name, new AdapterVersion("default", part.Name, 1, "sha256:0", 0), part.Weight);
        }).Resolve(RequestedModel.Parse(new JsonFields(document.RootElement)).Adapters!);
    }
}
