using System.Reflection;
using System.Text.RegularExpressions;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using Microsoft.Extensions.Logging;

namespace AdapterServe.AdapterServer.Tests.Errors;

public sealed partial class ErrorCodesTests
{
    [Fact]
    public void The_documentation_lists_every_code_once_and_no_other()
    {
        var codes = typeof(ErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);
        var documented = DocumentedPattern().Matches(File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "errors.md"))).Select(match => match.Groups[1].Value);
        Assert.Equal(codes.Order(), documented.Order());
    }

    [Fact]
    public void Log_events_have_ids_of_their_own()
    {
        var ids = typeof(ServerLog).GetMethods(BindingFlags.Public | BindingFlags.Static).Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()!.EventId).ToArray();
        Assert.NotEmpty(ids);
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(ids, id => Assert.InRange(id, 1000, 1099));
    }

    [GeneratedRegex(@"^\| `([a-z_]+)` \| \d{3} \|", RegexOptions.Multiline)]
    private static partial Regex DocumentedPattern();
}
