using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace AdapterServe.LoadTest.Commands;

/// <summary>Options that take a number, and say so in words where they get something else.</summary>
internal static class Numbers
{
    public static Option<T?> Optional<T>(string name, string description)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            CustomParser = result =>
            {
                if (T.TryParse(result.Tokens[0].Value, NumberStyles.Float & ~NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value))
                {
                    return value;
                }

                result.AddError($"{name} takes a number, not '{result.Tokens[0].Value}'.");
                return null;
            },
        };

    public static Option<T?> With<T>(string name, string description, T usual)
        where T : struct, INumber<T>
    {
        var option = Optional<T>(name, description);
        option.DefaultValueFactory = _ => usual;
        return option;
    }
}
