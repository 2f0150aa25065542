using System.Text.RegularExpressions;
using AdapterServe.AdapterServer.Rest.Descriptions;
using Microsoft.OpenApi;

namespace AdapterServe.AdapterServer.Tests.Rest;

public sealed partial class GenerationSchemasTests
{
    private static readonly string[] Shared =
    [
        "Generations/RequestedModel", "Generations/SettingsParser", "Generations/SamplingParser", "Generations/MixtureParser",
        "Generations/GuideParser", "Generations/RequestTarget",
    ];

    [Fact]
    public void The_description_of_a_completion_names_what_its_parsers_read() =>
        Assert.Equal(ReadBy([.. Shared, "Completions/CompletionParser"]), Names(GenerationSchemas.Completion()));

    [Fact]
    public void The_description_of_a_chat_names_what_its_parsers_read() =>
        Assert.Equal(ReadBy([.. Shared, "ChatCompletions/ChatParser", "ChatCompletions/ChatPromptParser", "Tools/ToolsParser"]), Names(GenerationSchemas.Chat()));

    /// <summary>The names of the fields that a parser's source asks for; those inside of objects stand in the object's own schema.</summary>
    private static string[] ReadBy(string[] parsers) =>
    [
        .. parsers
            .SelectMany(parser => FieldPattern().Matches(File.ReadAllText(Path.Combine(SourceTree.Root, "src", "AdapterServer", "Rest", parser + ".cs"))))
            .Select(match => match.Groups[1].Value)
            .Except(["role", "content", "type", "text", "tool_calls"])
            .Distinct()
            .Order(StringComparer.Ordinal),
    ];

    private static string[] Names(OpenApiSchema schema) => [.. schema.Properties!.Keys.Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"(?:fields\.\w+\(|(?:Members|Json|Text|Choice)\(fields, )""([a-z_]+)""")]
    private static partial Regex FieldPattern();
}
