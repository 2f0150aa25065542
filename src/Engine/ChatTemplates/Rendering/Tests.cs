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
            ["sequence"] = (value, _) => value is string or ListValue or DictValue,
            ["callable"] = (value, _) => value is FunctionValue,
            ["odd"] = (value, _) => TemplateValue.ToInteger(value, "the value") % 2 != 0,
            ["even"] = (value, _) => TemplateValue.ToInteger(value, "the value") % 2 == 0,
            ["divisibleby"] = (value, arguments) => TemplateValue.ToInteger(value, "the value") % Divisor(arguments) == 0,
            ["lower"] = (value, _) => value is string text && text.Any(char.IsLower) && !text.Any(char.IsUpper),
            ["upper"] = (value, _) => value is string text && text.Any(char.IsUpper) && !text.Any(char.IsLower),
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

    private static long Divisor(CallArguments arguments) =>
        TemplateValue.ToInteger(arguments.Required(0, "num"), "num") is var divisor and not 0 ? divisor : throw new TemplateError("a number is divided by zero");

    private static bool Same(object? left, object? right) =>
        left?.GetType() == right?.GetType() && (left is ListValue or DictValue ? ReferenceEquals(left, right) : TemplateValue.AreEqual(left, right));
}
