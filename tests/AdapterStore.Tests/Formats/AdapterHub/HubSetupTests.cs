using System.Text;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.AdapterHub;

/// <summary>What becomes of <c>adapter_setup.json</c>; the files are as the library's <c>to_dict</c> writes them.</summary>
public sealed class HubSetupTests
{
    private const string Two = """{"type":"Stack","children":[{"type":"single","children":["a"]},{"type":"single","children":["b"]}]}""";

    public static TheoryData<string, string> Requests => new()
    {
        { Two, """"adapters":[{"name":"a"},{"name":"b"}],"combine":"stack"""" },
        {
            """{"type":"Average","children":[{"type":"single","children":["a"]},{"type":"single","children":["b"]}],"kwargs":{"weights":[0.25,0.75]}}""",
            """"adapters":[{"name":"a","weight":0.25},{"name":"b","weight":0.75}],"combine":"average""""
        },
        {
            """{"type":"Average","children":[{"type":"single","children":["a"]},{"type":"single","children":["b"]}]}""",
            """"adapters":[{"name":"a","weight":0.5},{"name":"b","weight":0.5}],"combine":"average""""
        },
        {
            """{"type":"Split","children":[{"type":"single","children":["a"]},{"type":"single","children":["b"]},{"type":"single","children":["c"]}],"kwargs":{"splits":[20,5,7]}}""",
            """"adapters":[{"name":"a"},{"name":"b","from_token":20},{"name":"c","from_token":25}],"combine":"split""""
        },
        {
            """{"type":"Stack","children":[{"type":"single","children":["a"]},{"type":"Fuse","children":[{"type":"single","children":["b"]},{"type":"single","children":["c"]}]}]}""",
            """"adapters":[{"name":"a"},{"adapters":[{"name":"b"},{"name":"c"}],"combine":"fuse","fusion":"the fusion's adapter"}],"combine":"stack""""
        },
        {
            """{"type":"Stack","children":[{"type":"Fuse","children":[{"type":"single","children":["b"]},{"type":"single","children":["c"]}]}]}""",
            """send "adapters":[{"name":"b"},{"name":"c"}],"combine":"fuse","fusion":"the fusion's adapter" with"""
        },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_setup_of_several_adapters_is_refused_with_the_request_that_does_the_same(string setup, string request)
    {
        var refused = await RefusedAsync(Setup(setup));
        Assert.Equal((AdapterErrorKind.Unservable, "adapter_setup"), (refused.Kind, refused.Code));
        Assert.Contains(request, refused.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"Parallel","children":[{"type":"single","children":["a"]},{"type":"single","children":["b"]}]}""")]
    [InlineData("""{"type":"BatchSplit","children":[{"type":"single","children":["a"]},{"type":"single","children":["b"]}],"kwargs":{"batch_sizes":[1,1]}}""")]
    [InlineData("""{"type":"Average","children":[{"type":"Stack","children":[{"type":"single","children":["a"]}]},{"type":"single","children":["b"]}]}""")]
    [InlineData("""{"type":"Stack","children":[{"type":"single","children":["a"]},{"type":"Average","children":[{"type":"Stack","children":[{"type":"single","children":["b"]}]},{"type":"single","children":["c"]}]}]}""")]
    public async Task A_setup_that_no_request_can_ask_for_is_refused_as_such(string setup)
    {
        var refused = await RefusedAsync(Setup(setup));
        Assert.Equal("adapter_setup", refused.Code);
        Assert.Contains("not served", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"adapter_setup":null}""")]
    [InlineData("""{"adapter_setup":{"type":"Stack","children":[]}}""")]
    [InlineData("""{"adapter_setup":{"type":"Stack","children":["a","b"]}}""")]
    [InlineData("""{"adapter_setup":{"type":"single","children":[1]}}""")]
    [InlineData("""{"adapter_setup":{"type":"Average","children":[{"type":"single","children":["a"]}],"kwargs":{"weights":[1,2]}}}""")]
    [InlineData("""{"adapter_setup":{"type":"Average","children":[{"type":"single","children":["a"]}],"kwargs":{"weights":["1"]}}}""")]
    public async Task What_the_library_does_not_write_is_malformed(string text)
    {
        var refused = await RefusedAsync(text);
        Assert.Equal((AdapterErrorKind.Malformed, "adapter_setup"), (refused.Kind, refused.Code));
    }

    [Fact]
    public async Task A_setup_of_the_one_adapter_in_the_folder_is_that_adapter()
    {
        var hub = SmallHub.Bottleneck();
        var files = hub.Files();
        var name = hub.Root["name"]!.GetValue<string>();
        using var folder = new TestFolder();
        using var storage = folder.Open();
        foreach (var (setup, isSame) in new[] { ("""{"type":"Stack","children":[{"type":"single","children":["me"]}]}""", true), ("""{"type":"single","children":["other"]}""", false) })
        {
            files["adapter_setup.json"] = Encoding.UTF8.GetBytes(Setup(setup.Replace("me", name, StringComparison.Ordinal)));
            if (isSame)
            {
                Assert.Equal("bottleneck", (await storage.PutAsync("small", files)).Descriptor.Kind);
                continue;
            }

            var refused = await storage.RefusedAsync(files);
            Assert.Equal("adapter_setup", refused.Code);
            Assert.Contains("'other'", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_long_setup_is_refused_with_a_short_sentence()
    {
        var children = new JsonArray([.. Enumerable.Range(0, 5000).Select(i => (JsonNode)new JsonObject { ["type"] = "single", ["children"] = new JsonArray($"adapter-{i}") })]);
        var refused = await RefusedAsync(Setup(new JsonObject { ["type"] = "Stack", ["children"] = children }.ToJsonString()));
        Assert.Equal("adapter_setup", refused.Code);
        Assert.InRange(refused.Message.Length, 1, 300);
    }

    private static string Setup(string block) => $$"""{"adapter_setup":{{block}},"head_setup":null,"version":"adapters.1.3.0"}""";

    private static async Task<AdapterStoreException> RefusedAsync(string text)
    {
        using var folder = new TestFolder();
        using var storage = folder.Open();
        return await storage.RefusedAsync(new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["adapter_setup.json"] = Encoding.UTF8.GetBytes(text) });
    }
}
