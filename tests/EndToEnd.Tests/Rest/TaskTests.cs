using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>An adapter that holds several tasks, asked for over HTTP.</summary>
[Collection(SharedServerTests.Name)]
public sealed class TaskTests(SharedServer shared) : IAsyncLifetime
{
    private const string Name = "polite-robot-multitask-prompt";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        using var response = await shared.Client.PutFilesAsync(Name, Api.Files(Repository.Adapter(Name)));
        var descriptor = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!;
        Assert.Equal(["0", "1"], descriptor["tasks"]!.AsArray().Select(task => task!.GetValue<string>()));
    }

    public async ValueTask DisposeAsync()
    {
        using var response = await shared.Client.DeleteAsync("/v1/adapters/" + Name, Cancellation);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task The_tasks_of_one_adapter_answer_in_their_own_ways(int task)
    {
        foreach (var golden in Golden.Read($"{Name}.task{task}"))
        {
            var answer = await shared.Client.PostAsync("/v1/completions", new JsonObject
            {
                ["model"] = $"{Name}#{task}", ["prompt"] = golden.Prompt, ["temperature"] = 0, ["max_tokens"] = golden.GreedyIds.Length, ["return_token_ids"] = true,
            });
            Assert.Equal($"{Name}#{task}", answer["model"]!.GetValue<string>());
            Assert.Equal(golden.GreedyIds, answer["choices"]![0]!["token_ids"]!.AsArray().Select(id => id!.GetValue<int>()));
        }
    }

    [Theory]
    [InlineData(Name, 400, "task_required")]
    [InlineData(Name + "#2", 404, "task_not_found")]
    [InlineData("pirate#0", 400, "no_tasks")]
    [InlineData("nobody#0", 404, "model_not_found")]
    public async Task A_wrong_task_is_refused_in_the_clients_terms(string model, int status, string code)
    {
        using var response = await shared.Client.PostAsync("/v1/completions", Api.Json(new JsonObject { ["model"] = model, ["prompt"] = "a" }.ToJsonString()), Cancellation);
        var error = await Api.ErrorAsync(response);
        Assert.Equal((status, code, "model"), ((int)response.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
    }

    [Fact]
    public async Task The_models_list_it_once_and_describe_it_with_or_without_a_task()
    {
        var list = await shared.Client.GetJsonAsync("/v1/models");
        Assert.Equal([Name], list["data"]!.AsArray().Select(model => model!["id"]!.GetValue<string>()).Where(id => id.StartsWith(Name, StringComparison.Ordinal)));
        Assert.Equal(Name, (await shared.Client.GetJsonAsync("/v1/models/" + Name))["id"]!.GetValue<string>());
        Assert.Equal(Name + "#1", (await shared.Client.GetJsonAsync($"/v1/models/{Name}%231"))["id"]!.GetValue<string>());
    }
}
