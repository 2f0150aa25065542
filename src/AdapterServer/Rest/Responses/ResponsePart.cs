namespace AdapterServe.AdapterServer.Rest.Responses;

/// <summary>The text of a message.</summary>
internal sealed record ResponsePart(string Text)
{
    public string Type { get; } = "output_text";

    /// <summary>Always empty.</summary>
    public IReadOnlyList<string> Annotations { get; } = [];

    /// <summary>Always empty.</summary>
    public IReadOnlyList<string> Logprobs { get; } = [];
}
