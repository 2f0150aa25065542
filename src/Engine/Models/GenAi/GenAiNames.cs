using System.Globalization;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// Names of the graph's inputs and outputs.
/// <b>Layout</b>: those of the keys and values are templates, <c>%d</c> standing for the layer.
/// </summary>
internal sealed record GenAiNames
{
    private const string LayerMark = "%d";

    public required string InputIds { get; init; }

    public required string AttentionMask { get; init; }

    /// <summary>Null where rotation is a part of the attention.</summary>
    public string? PositionIds { get; init; }

    public required string PastKeys { get; init; }

    public required string PastValues { get; init; }

    public required string Logits { get; init; }

    public required string PresentKeys { get; init; }

    public required string PresentValues { get; init; }

    public static bool IsTemplate(string name) => name.Split(LayerMark).Length == 2;

    public static string OfLayer(string template, int layer) =>
        template.Replace(LayerMark, layer.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}
