using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>KServe's Open Inference Protocol in its REST form.</summary>
[Collection(SharedServerTests.Name)]
public sealed class InferenceTests(SharedServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_golden_comes_out_as_tensors()
    {
        var golden = Golden.Read("base").First(one => !one.Cut);
        var body = new JsonObject
        {
            ["id"] = "q1",
            ["inputs"] = new JsonArray(Tensor("input_ids", "INT64", golden.PromptIds.Length, new JsonArray([.. golden.PromptIds.Select(id => (JsonNode)id)]))),
            ["parameters"] = new JsonObject { ["temperature"] = 0, ["max_tokens"] = golden.GreedyIds.Length },
        };
        var answer = await shared.Client.PostAsync("/v2/models/demo/infer", body);
        Assert.Equal(("demo", "1", "q1"), (answer["model_name"]!.GetValue<string>(), answer["model_version"]!.GetValue<string>(), answer["id"]!.GetValue<string>()));
        var outputs = answer["outputs"]!.AsArray().ToDictionary(output => output!["name"]!.GetValue<string>(), output => output!["data"]!.AsArray());
        Assert.Equal(golden.GreedyText, outputs["text_output"].Single()!.GetValue<string>());
        Assert.Equal(golden.GreedyIds, outputs["output_ids"].Select(id => id!.GetValue<int>()));
        Assert.Equal(golden.GreedyIds.Length, outputs["output_lengths"].Single()!.GetValue<int>());
    }

    [Theory]
    [InlineData("/v2", "name", "adapterserve")]
    [InlineData("/v2/health/live", "live", "true")]
    [InlineData("/v2/health/ready", "ready", "true")]
    [InlineData("/v2/models/demo", "platform", "adapterserve_text")]
    [InlineData("/v2/models/pirate/ready", "ready", "true")]
    [InlineData("/v2/models/pirate/versions/1/ready", "ready", "true")]
    [InlineData("/v2/models/default%2Fpirate", "name", "default/pirate")]
    public async Task Server_and_models_say_what_they_are(string path, string member, string value) =>
        Assert.Equal(value, (await shared.Client.GetJsonAsync(path))[member]!.ToString());

    [Theory]
    [InlineData("/v2/models/nobody")]
    [InlineData("/v2/models/nobody/ready")]
    [InlineData("/v2/models/demo/versions/2")]
    [InlineData("/v2/models/pirate/versions/77/ready")]
    public async Task What_is_not_there_is_not_found(string path) => Assert.Equal(404, (int)(await shared.Client.GetAsync(path, Cancellation)).StatusCode);

    [Theory]
    [InlineData("""{"inputs":[{"name":"text_input","datatype":"BYTES","shape":[1],"data":["a"]}],"parameters":{"stream":true}}""", "stream")]
    [InlineData("""{"inputs":[{"name":"text_input","datatype":"BYTES","shape":[1],"data":["a"]}],"parameters":{"temperature":-1}}""", "temperature")]
    [InlineData("""{"inputs":[{"name":"input_ids","datatype":"INT64","shape":[1],"data":[99999999]}]}""", "prompt")]
    public async Task What_a_completion_refuses_is_refused(string body, string param)
    {
        using var response = await shared.Client.PostAsync("/v2/models/demo/infer", Api.Json(body), Cancellation);
        Assert.Equal((400, param), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("param").GetString()));
    }

    private static JsonObject Tensor(string name, string datatype, int count, JsonArray data) =>
        new() { ["name"] = name, ["datatype"] = datatype, ["shape"] = new JsonArray(count), ["data"] = data };
}
