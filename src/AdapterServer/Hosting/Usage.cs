using AdapterServe.AdapterServer.Options;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>The answer to <c>--help</c>.</summary>
internal static class Usage
{
    public static string Text()
    {
        var defaults = new ServerOptions();
        var lines = OptionNames.All().Select(option =>
        {
            var value = typeof(ServerOptions).GetProperty(option.Property)!.GetValue(defaults);
            return $"  {option.Option,-24} {option.Variable,-36} {(value is "" ? "-" : value)}";
        });
        return $"  {"option",-24} {"environment",-36} default\n{string.Join('\n', lines)}";
    }
}
