using System.Text.Json.Serialization;
using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Completions;

/// <summary>A legacy completion, or one event of its stream.</summary>
internal sealed record CompletionResponse(
    string Id,
    string Object,
    long Created,
    string Model,
    IReadOnlyList<CompletionChoice> Choices,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Usage? Usage)
{
    /// <summary>The event of a stream that was asked for usage.</summary>
    public CompletionUsageEvent WithUsage() => new(Id, Object, Created, Model, Choices, Usage);
}
