using System.Text.RegularExpressions;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests;

public sealed partial class DocumentationTests
{
    [Fact]
    public void Every_code_that_the_source_can_refuse_with_is_documented()
    {
        var page = File.ReadAllText(Path.Combine(TestData.Root, "docs", "adapters.md"));
        var codes = Directory.EnumerateFiles(Path.Combine(TestData.Root, "src", "AdapterStore"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(path => CodePattern().Matches(File.ReadAllText(path)))
            .Select(match => match.Groups["code"].Value)
            .Where(code => code != "unconverted_")
            .ToHashSet(StringComparer.Ordinal);
        Assert.InRange(codes.Count, 80, 1000);
        Assert.DoesNotContain(codes, code => !page.Contains($"`{code}`", StringComparison.Ordinal));
    }

    [GeneratedRegex("""(?:Malformed|Unservable|TooLarge|Conflict|PreconditionFailed|StorageFull|NotFound|Unavailable)[(,]\s*"(?<code>[a-z0-9_]+)"|^\s*\("[a-z_]+", "(?<code>[a-z_]+)", "[A-Z]|^\s*\("\.[A-Za-z_.]+", "(?<code>[a-z_]+)", """, RegexOptions.Multiline)]
    private static partial Regex CodePattern();
}
