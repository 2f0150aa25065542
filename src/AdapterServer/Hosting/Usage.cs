using AdapterServe.AdapterServer.Options;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>The answer to <c>--help</c>.</summary>
internal static class Usage
{
    public static string Text()
    {
        var lines = OptionNames.All().Select(option => $"  {option.Option,-24} {option.Variable,-36} {DefaultOf(option)}");
        return $"  {"option",-24} {"environment",-36} default\n{string.Join('\n', lines)}";
    }

    /// <summary>An option's default as the command line writes it; a dash where it depends on something else.</summary>
    public static string DefaultOf(OptionNames option) => typeof(ServerOptions).GetProperty(option.Property)!.GetValue(new ServerOptions()) switch
    {
        "" => "-",
        true => "on",
        false => "off",
        var value => $"{value}",
    };
}
