using System.Text.RegularExpressions;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Documentation;

/// <summary>A command of README.md or another page, and the answer that stands below it.</summary>
/// <param name="Folder">Where the commands above it in the same block have gone, from the repository's root.</param>
/// <param name="Command">As a shell takes it.</param>
/// <param name="Answer">Its lines joined; … stands for what is left out.</param>
internal sealed partial record ReadmeCall(string Folder, string Command, string Answer)
{
    public static string Text { get; } = TextOf("README.md");

    public static string TextOf(string page) => File.ReadAllText(Path.Combine(Repository.Root, page));

    /// <summary>The calls in the order of the page; a command begins with <c>$ </c> and goes on in indented lines.</summary>
    public static IReadOnlyList<ReadmeCall> Read(string text) => [.. BlockPattern().Matches(text).Where(block => block.Groups[1].Length == 0).SelectMany(block => OfBlock(block.Groups[2].Value))];

    private static IEnumerable<ReadmeCall> OfBlock(string block)
    {
        var folder = string.Empty;
        foreach (Match match in CommandPattern().Matches(block))
        {
            var command = match.Groups[1].Value.TrimEnd();
            if (command.StartsWith("cd ", StringComparison.Ordinal))
            {
                folder = Path.Combine(folder, command["cd ".Length..]);
            }
            else if (match.Groups[2].Length > 0)
            {
                yield return new ReadmeCall(folder, command, match.Groups[2].Value.ReplaceLineEndings(string.Empty));
            }
        }
    }

    [GeneratedRegex(@"^```(\w*)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex BlockPattern();

    [GeneratedRegex(@"^\$ (.*\n(?:[ \t]+.*\n)*)((?:[^$\s].*\n)*)", RegexOptions.Multiline)]
    private static partial Regex CommandPattern();
}
