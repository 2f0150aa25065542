using System.Collections.Frozen;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>What may stand behind <c>is</c>.</summary>
internal static class Tests
{
    private static readonly FrozenDictionary<string, Func<object?, CallArguments, bool>> ByName =
        new Dictionary<string, Func<object?, CallArguments, bool>>
        {
            ["defined"] = (value, _) => value is not UndefinedValue,
            ["undefined"] = (value, _) => value is UndefinedValue,
            ["none"] = (value, _) => value is null,
            ["boolean"] = (value, _) => value is bool,
            ["true"] = (value, _) => value is true,
            ["false"] = (value, _) => value is false,
            ["integer"] = (value, _) => value is long,
            ["float"] = (value, _) => value is double,
            ["number"] = (value, _) => value is long or double or bool,
            ["string"] = (value, _) => value is string,
            ["mapping"] = (value, _) => value is DictValue,
            ["iterable"] = (value, _) => value is string or ListValue or DictValue or UndefinedValue,
            ["sequence"] = (value, _) => value is string or ListValue or DictValue or UndefinedValue,
            ["callable"] = (value, _) => value is FunctionValue or UndefinedValue,
            ["odd"] = (value, _) => Remainder(value, 2L) == 1,
            ["even"] = (value, _) => Remainder(value, 2L) == 0,
            ["divisibleby"] = (value, arguments) => Remainder(value, arguments.Required(0, "num")) == 0,
            ["lower"] = (value, _) => StringMethods.IsLower(ValueWriter.ToText(value, _ => { })),
            ["upper"] = (value, _) => StringMethods.IsUpper(ValueWriter.ToText(value, _ => { })),
            ["escaped"] = (_, _) => false,
            ["filter"] = (value, _) => value is string name && Filters.Exists(name),
            ["test"] = (value, _) => value is string name && Exists(name),
            ["in"] = (value, arguments) => TemplateValue.Contains(arguments.Required(0, "seq"), value),
            ["sameas"] = (value, arguments) => Same(value, arguments.Required(0, "other")),
            ["eq"] = (value, arguments) => TemplateValue.AreEqual(value, arguments.Required(0, "other")),
            ["ne"] = (value, arguments) => !TemplateValue.AreEqual(value, arguments.Required(0, "other")),
            ["lt"] = (value, arguments) => TemplateValue.Compare(value, arguments.Required(0, "other")) < 0,
            ["le"] = (value, arguments) => TemplateValue.Compare(value, arguments.Required(0, "other")) <= 0,
            ["gt"] = (value, arguments) => TemplateValue.Compare(value, arguments.Required(0, "other")) > 0,
            ["ge"] = (value, arguments) => TemplateValue.Compare(value, arguments.Required(0, "other")) >= 0,
        }.ToFrozenDictionary(StringComparer.Ordinal);

    public static Func<object?, CallArguments, bool> Find(string name) =>
        ByName.GetValueOrDefault(Canonical(name)) ?? throw new TemplateError($"the test \"{name}\" is not supported");

    private static string Canonical(string name) => name switch
    {
        "==" or "equalto" => "eq",
        "!=" => "ne",
        "<" or "lessthan" => "lt",
        "<=" => "le",
        ">" or "greaterthan" => "gt",
        ">=" => "ge",
        _ => name,
    };

    private static bool Exists(string name) => ByName.ContainsKey(Canonical(name));

    private static double Remainder(object? value, object? divisor) =>
        value is bool or long or double ? TemplateValue.ToDouble(Arithmetic.Apply("%", value, divisor, new Budget(0))) : TemplateValue.ToInteger(value, "the value");

    private static bool Same(object? left, object? right) =>
        left?.GetType() == right?.GetType() && (left is ListValue or DictValue ? ReferenceEquals(left, right) : TemplateValue.AreEqual(left, right));
}
