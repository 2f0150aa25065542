using System.Text.RegularExpressions;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Options;

namespace AdapterServe.AdapterServer.Tests.Options;

public sealed partial class ReadmeOptionsTests
{
    [Fact]
    public void The_table_has_every_option_once_with_its_default()
    {
        var documented = RowPattern().Matches(File.ReadAllText(Path.Combine(SourceTree.Root, "README.md"))).SelectMany(OptionsOf).ToArray();
        var known = OptionNames.All().ToDictionary(option => option.Option, StringComparer.Ordinal);
        Assert.Equal(known.Keys.Order(StringComparer.Ordinal), documented.Select(row => row.Option).Order(StringComparer.Ordinal));
        foreach (var (option, value) in documented)
        {
            var actual = Usage.DefaultOf(known[option]);
            // A default that depends on something else is told in words.
            Assert.True(actual == "-" ? value.Length > 0 : actual == value, $"README.md gives {option} the default '{value}', --help '{actual}'.");
        }
    }

    private static IEnumerable<(string Option, string Default)> OptionsOf(Match row)
    {
        var options = OptionPattern().Matches(row.Groups[1].Value).Select(option => option.Value).ToArray();
        var values = row.Groups[2].Value.Split(", ").Select(value => value.Trim('`')).ToArray();
        Assert.Equal(options.Length, values.Length);
        return options.Zip(values);
    }

    [GeneratedRegex(@"^\| (`--.*?) \| .* \| (.*?) \|$", RegexOptions.Multiline)]
    private static partial Regex RowPattern();

    [GeneratedRegex(@"(?<=`)--[a-z0-9-]+")]
    private static partial Regex OptionPattern();
}
