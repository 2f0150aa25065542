using System.Text.Json.Nodes;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

[Collection(SharedServerTests.Name)]
public sealed class TokenizeTests(SharedServer shared)
{
    private static readonly Golden Case = Golden.Read("base")[1];

    [Fact]
    public async Task Text_gets_the_tokenizers_special_tokens_unless_told_otherwise()
    {
        var answer = await shared.Client.PostAsync("/tokenize", new JsonObject { ["model"] = "demo", ["prompt"] = Case.Prompt });
        Assert.Equal(Case.PromptIds, Ints(answer["tokens"]));
        Assert.Equal((Case.PromptIds.Length, 1024), (answer["count"]!.GetValue<int>(), answer["max_model_len"]!.GetValue<int>()));
        answer = await shared.Client.PostAsync("/tokenize", new JsonObject { ["prompt"] = Case.Prompt, ["add_special_tokens"] = false });
        Assert.Equal(Case.PromptIds[1..], Ints(answer["tokens"]));
    }

    [Fact]
    public async Task A_chat_gets_the_templates_tokens_and_the_beginning_of_an_answer()
    {
        JsonObject Request() => new() { ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Which day comes after Tuesday?" }) };
        var answer = await shared.Client.PostAsync("/tokenize", Request());
        Assert.Equal(Case.PromptIds, Ints(answer["tokens"]));
        var open = Request();
        open["add_generation_prompt"] = false;
        answer = await shared.Client.PostAsync("/tokenize", open);
        Assert.Equal(Case.PromptIds[..^2], Ints(answer["tokens"]));
    }

    [Fact]
    public async Task Detokenizing_keeps_special_tokens()
    {
        var answer = await shared.Client.PostAsync("/detokenize", new JsonObject { ["model"] = "pirate", ["tokens"] = new JsonArray([.. Case.PromptIds.Select(id => (JsonNode)id)]) });
        Assert.Equal("<|begin|>" + Case.Prompt, answer["prompt"]!.GetValue<string>());
    }

    [Fact]
    public async Task No_tokens_are_no_text()
    {
        var answer = await shared.Client.PostAsync("/detokenize", new JsonObject { ["tokens"] = new JsonArray() });
        Assert.Equal("", answer["prompt"]!.GetValue<string>());
    }

    private static int[] Ints(JsonNode? list) => [.. list!.AsArray().Select(value => value!.GetValue<int>())];
}
