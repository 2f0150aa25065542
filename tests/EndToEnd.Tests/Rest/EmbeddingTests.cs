using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>
/// Embeddings against what they are made of. A normalised state e of the last token has, before its scaling, the length √H / |e ∘ 1/w|, for an RMS norm with weight w gives u ∘ w with |u| = √H;
/// and the head makes of that state the very log-probabilities that a completion answers.
/// </summary>
[Collection(SharedServerTests.Name)]
public sealed class EmbeddingTests(SharedServer shared)
{
    private const string Path = "/v1/embeddings";
    private static readonly Golden Case = Golden.Read("pirate-showcase")[0];
    private static readonly string ModelFile = System.IO.Path.Combine(Repository.Root, "models", "demo", "base", "model.safetensors");
    private static readonly Lazy<float[]> Norm = new(() => Read(ModelFile, "model.norm.weight"));

    [Theory]
    [InlineData("demo")]
    [InlineData("pirate")]
    public async Task The_head_makes_of_the_last_state_what_a_completion_answers(string model)
    {
        await using var server = await ServerProcess.StartAsync(["--pooling", "last"]);
        var state = State(await EmbedAsync(server.Client, model, Ids(Case.PromptIds)));
        var answer = await server.Client.PostAsync("/v1/completions", new JsonObject
        {
            ["model"] = model, ["prompt"] = Ids(Case.PromptIds), ["max_tokens"] = 1, ["logprobs"] = 20, ["temperature"] = 0, ["return_token_ids"] = true, ["return_tokens_as_token_ids"] = true,
        });
        var top = answer["choices"]![0]!["logprobs"]!["top_logprobs"]![0]!.AsObject();
        // The demo's adapters were trained with a head of their own.
        var head = model == "demo" ? Read(ModelFile, "lm_head.weight") : Read(System.IO.Path.Combine(Repository.Adapter("pirate-showcase"), "adapter_model.safetensors"), "base_model.model.lm_head.weight");
        var expected = LogProbabilities(head, state);
        Assert.Equal(20, top.Count);
        Assert.All(top, entry => Assert.Equal(expected[int.Parse(entry.Key["token_id:".Length..], null)], entry.Value!.GetValue<double>(), Tolerances.StateLogProb));
    }

    [Fact]
    public async Task The_mean_is_that_of_the_states_of_every_prefix_in_whatever_company()
    {
        await using var server = await ServerProcess.StartAsync(["--pooling", "last", "--prefill-tokens", "5"]);
        var prefixes = new JsonArray([.. Enumerable.Range(1, Case.PromptIds.Length).Select(length => (JsonNode)Ids(Case.PromptIds[..length]))]);
        var states = (await PostAsync(server.Client, "pirate", prefixes))["data"]!.AsArray().Select(item => State(Vector(item!))).ToList();
        var mean = Normalized([.. Enumerable.Range(0, states[0].Length).Select(i => states.Average(state => state[i]))]);
        // Beside other adapters, answers, and inputs of other lengths.
        var company = Task.WhenAll(new[] { "demo", "yoda", "json" }.Select(model => shared.Client.PostAsync("/v1/completions", new JsonObject
        {
            ["model"] = model, ["prompt"] = Case.Prompt, ["max_tokens"] = 64, ["ignore_eos"] = true,
        })));
        var both = await PostAsync(shared.Client, "pirate", new JsonArray("What?", Case.Prompt));
        AssertClose(mean, Vector(both["data"]![1]!));
        Assert.Equal([0, 1], both["data"]!.AsArray().Select(item => item!["index"]!.GetValue<int>()));
        await company;
        AssertClose(mean, await EmbedAsync(shared.Client, "pirate", Ids(Case.PromptIds)));
        var other = await EmbedAsync(shared.Client, "demo", Ids(Case.PromptIds));
        Assert.True(other.Zip(mean, (a, b) => Math.Abs(a - b)).Max() > 1e-2, "The adapter changes nothing.");
    }

    [Fact]
    public async Task The_first_tokens_state_is_that_of_a_prompt_of_one()
    {
        await using var server = await ServerProcess.StartAsync(["--pooling", "cls", "--prefill-tokens", "4"]);
        AssertClose(await EmbedAsync(server.Client, "pirate", Ids(Case.PromptIds[..1])), await EmbedAsync(server.Client, "pirate", Ids(Case.PromptIds)));
    }

    [Fact]
    public async Task Virtual_tokens_act_and_are_not_pooled()
    {
        using var put = await shared.Client.PutFilesAsync("soft", Api.Files(Repository.Adapter("polite-prompt")));
        try
        {
            // The first real token of three sees the virtual ones before it, and is all that is pooled of a prompt of one.
            var one = await PostAsync(shared.Client, "soft", Ids(Case.PromptIds[..1]));
            Assert.Equal(1, one["usage"]!["prompt_tokens"]!.GetValue<int>());
            var plain = await EmbedAsync(shared.Client, "demo", Ids(Case.PromptIds[..1]));
            Assert.True(Vector(one["data"]![0]!).Zip(plain, (a, b) => Math.Abs(a - b)).Max() > 1e-3, "The virtual tokens change nothing.");
        }
        finally
        {
            using var deleted = await shared.Client.DeleteAsync("/v1/adapters/soft", TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Fewer_dimensions_and_base64_are_the_same_numbers()
    {
        var whole = await EmbedAsync(shared.Client, "demo", "What is the opposite of hot?");
        Assert.Equal(1, whole.Sum(value => value * value), 1e-5);
        var few = await shared.Client.PostAsync(Path, new JsonObject { ["model"] = "demo", ["input"] = "What is the opposite of hot?", ["dimensions"] = 8 });
        AssertClose(Normalized(whole[..8]), Vector(few["data"]![0]!));
        var coded = await shared.Client.PostAsync(Path, new JsonObject { ["model"] = "demo", ["input"] = "What is the opposite of hot?", ["encoding_format"] = "base64" });
        var bytes = Convert.FromBase64String(coded["data"]![0]!["embedding"]!.GetValue<string>());
        AssertClose(whole, [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(value => (double)value)]);
        Assert.Equal(("list", "embedding", "demo"), (few["object"]!.GetValue<string>(), few["data"]![0]!["object"]!.GetValue<string>(), few["model"]!.GetValue<string>()));
        Assert.Equal(few["usage"]!["prompt_tokens"]!.GetValue<int>(), few["usage"]!["total_tokens"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("""{"input":"a"}""", 400, "model")]
    [InlineData("""{"model":"demo"}""", 400, "input")]
    [InlineData("""{"model":"demo","input":""}""", 400, "input")]
    [InlineData("""{"model":"demo","input":[]}""", 400, "input")]
    [InlineData("""{"model":"demo","input":7}""", 400, "input")]
    [InlineData("""{"model":"demo","input":["a",[1]]}""", 400, "input")]
    [InlineData("""{"model":"demo","input":[1024]}""", 400, "input")]
    [InlineData("""{"model":"demo","input":"a","dimensions":0}""", 400, "dimensions")]
    [InlineData("""{"model":"demo","input":"a","dimensions":257}""", 400, "dimensions")]
    [InlineData("""{"model":"demo","input":"a","encoding_format":"hex"}""", 400, "encoding_format")]
    [InlineData("""{"model":"nobody","input":"a"}""", 404, "model")]
    public async Task What_is_wrong_is_named(string body, int status, string param)
    {
        using var response = await shared.Client.PostAsync(Path, Api.Json(body), TestContext.Current.CancellationToken);
        var error = await Api.ErrorAsync(response);
        Assert.Equal((status, param), ((int)response.StatusCode, error.GetProperty("param").GetString()));
    }

    private static Task<JsonNode> PostAsync(HttpClient client, string model, JsonNode input) => client.PostAsync(Path, new JsonObject { ["model"] = model, ["input"] = input });

    private static async Task<double[]> EmbedAsync(HttpClient client, string model, JsonNode input) => Vector((await PostAsync(client, model, input))["data"]![0]!);

    private static double[] Vector(JsonNode item) => [.. item["embedding"]!.AsArray().Select(value => value!.GetValue<double>())];

    private static JsonArray Ids(int[] ids) => new([.. ids.Select(id => (JsonNode)id)]);

    /// <summary>What the head read, of its normalised form.</summary>
    private static double[] State(double[] normalised)
    {
        var length = Math.Sqrt(normalised.Length) / Math.Sqrt(normalised.Zip(Norm.Value, (value, weight) => value / weight * (value / weight)).Sum());
        return [.. normalised.Select(value => value * length)];
    }

    private static double[] LogProbabilities(float[] head, double[] state)
    {
        double[] logits = [.. Enumerable.Range(0, head.Length / state.Length).Select(row => state.Select((value, i) => value * head[(row * state.Length) + i]).Sum())];
        var most = logits.Max();
        var total = most + Math.Log(logits.Sum(logit => Math.Exp(logit - most)));
        return [.. logits.Select(logit => logit - total)];
    }

    private static double[] Normalized(double[] vector)
    {
        var norm = Math.Sqrt(vector.Sum(value => value * value));
        return [.. vector.Select(value => value / norm)];
    }

    private static void AssertClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, Tolerances.EmbeddingComponent));
    }

    private static float[] Read(string path, string name)
    {
        using var file = SafetensorsFile.Open(path);
        var tensor = file.Tensors[name];
        Assert.Equal(SafetensorsType.BF16, tensor.DType);
        return [.. MemoryMarshal.Cast<byte, ushort>(file.Bytes(tensor)).ToArray().Select(bits => BitConverter.Int32BitsToSingle(bits << 16))];
    }
}
