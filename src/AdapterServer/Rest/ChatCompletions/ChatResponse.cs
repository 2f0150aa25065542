using System.Text.Json.Serialization;
using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>A chat completion, or one event of its stream.</summary>
internal sealed record ChatResponse(
    string Id,
    string Object,
    long Created,
    string Model,
    IReadOnlyList<ChatChoice> Choices,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Usage? Usage)
{
    /// <summary>The event of a stream that was asked for usage.</summary>
    public ChatUsageEvent WithUsage() => new(Id, Object, Created, Model, Choices, Usage);
}
