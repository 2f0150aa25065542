using System.Globalization;

namespace AdapterServe.Bench.Models;

/// <summary>Options written <c>--name value</c>.</summary>
internal sealed class Arguments(string[] args)
{
    public string Text(string name)
    {
        var at = Array.IndexOf(args, "--" + name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : throw new ArgumentException($"The option --{name} is missing.");
    }

    public string Text(string name, string fallback) => Array.IndexOf(args, "--" + name) < 0 ? fallback : Text(name);

    public int Integer(string name, int fallback) =>
        Array.IndexOf(args, "--" + name) < 0 ? fallback : int.Parse(Text(name), CultureInfo.InvariantCulture);
}
