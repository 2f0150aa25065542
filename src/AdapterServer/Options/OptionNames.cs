using System.Reflection;
using System.Text;

namespace AdapterServe.AdapterServer.Options;

/// <summary>The three spellings of each property of <see cref="ServerOptions"/>.</summary>
/// <param name="Property">The property's name, <c>KvCacheMb</c>.</param>
/// <param name="Option">On the command line, <c>--kv-cache-mb</c>.</param>
/// <param name="Variable">In the environment, <c>ADAPTERSERVE_KV_CACHE_MB</c>.</param>
/// <param name="Type">The property's type.</param>
internal sealed record OptionNames(string Property, string Option, string Variable, Type Type)
{
    /// <summary>The configuration key.</summary>
    public string Key => ServerOptions.Section + ":" + Property;

    /// <summary>Every property that can be set.</summary>
    public static IReadOnlyList<OptionNames> All() =>
        [.. typeof(ServerOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).Select(Of)];

    /// <summary>Whether <paramref name="text"/> can be the option's value.</summary>
    public bool Takes(string text) =>
        Type == typeof(string) || (Type == typeof(bool) ? bool.TryParse(text, out _) : int.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out _));

    /// <summary>A failure of generated validation, which names properties, with the option in their place.</summary>
    public static string InOperatorsWords(string failure)
    {
        foreach (var option in All())
        {
            var opening = $"{option.Property}: The field {nameof(ServerOptions)}.{option.Property} ";
            if (failure.StartsWith(opening, StringComparison.Ordinal))
            {
                return $"{option.Option} {failure[opening.Length..]}";
            }
        }

        return failure;
    }

    private static OptionNames Of(PropertyInfo property)
    {
        var words = new StringBuilder();
        foreach (var letter in property.Name)
        {
            if (char.IsUpper(letter) && words.Length > 0)
            {
                words.Append('-');
            }

            words.Append(char.ToLowerInvariant(letter));
        }

        var option = words.ToString();
        return new OptionNames(property.Name, "--" + option, "ADAPTERSERVE_" + option.Replace('-', '_').ToUpperInvariant(), property.PropertyType);
    }
}
