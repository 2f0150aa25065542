namespace AdapterServe.AdapterServer.Options;

/// <summary>
/// Turns arguments and environment into configuration values.
/// <b>Errors</b>: <see cref="CommandLineException"/> on an unknown option, a missing or unreadable value.
/// </summary>
internal static class CommandLine
{
    public static Dictionary<string, string?> ParseArguments(IReadOnlyList<string> arguments)
    {
        var known = OptionNames.All().ToDictionary(o => o.Option, StringComparer.Ordinal);
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, inline) = Split(arguments[i]);
            if (!known.TryGetValue(name, out var option))
            {
                throw new CommandLineException($"Unknown option {arguments[i]}; --help lists them all.");
            }

            var value = inline;
            if (value is null && option.Type == typeof(bool))
            {
                value = i + 1 < arguments.Count && IsSwitchValue(arguments[i + 1]) ? arguments[++i] : "true";
            }
            else if (value is null)
            {
                value = i + 1 < arguments.Count ? arguments[++i] : throw new CommandLineException($"Option {name} needs a value.");
            }

            values[option.Key] = Checked(option, name, value);
        }

        return values;
    }

    public static Dictionary<string, string?> ParseEnvironment(Func<string, string?> variable)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var option in OptionNames.All())
        {
            if (variable(option.Variable) is { Length: > 0 } value)
            {
                values[option.Key] = Checked(option, option.Variable, value);
            }
        }

        return values;
    }

    private static string Checked(OptionNames option, string name, string value)
    {
        var plain = option.Type == typeof(bool) ? value.ToLowerInvariant() switch { "on" or "1" or "yes" => "true", "off" or "0" or "no" => "false", var other => other } : value;
        var expected = option.Type == typeof(bool) ? "on or off" : "a whole number";
        return option.Takes(plain) ? plain : throw new CommandLineException($"{name} takes {expected}, not '{value}'.");
    }

    private static (string Name, string? Value) Split(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (argument, null) : (argument[..equals], argument[(equals + 1)..]);
    }

    private static bool IsSwitchValue(string text) => text is "on" or "off" or "true" or "false";
}
