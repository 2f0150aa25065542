using System.Text;
using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>Python's operators on numbers, strings and lists.</summary>
internal static class Arithmetic
{
    public static object Sign(string @operator, object? value)
    {
        bool negative = @operator == "-";
        switch (value)
        {
            case double number:
                return negative ? -number : number;
            case bool or long:
                long integer = TemplateValue.ToInteger(value, "a number");
                return negative ? ApplyToIntegers("-", 0, integer) : integer;
            default:
                throw new TemplateError($"{TemplateValue.TypeName(value)} has no sign");
        }
    }

    public static object Apply(string @operator, object? left, object? right, Budget budget)
    {
        switch (@operator, left, right)
        {
            case ("+", string a, string b):
                budget.Write(a.Length + (long)b.Length);
                return a + b;
            case ("+", ListValue a, ListValue b) when a.IsTuple == b.IsTuple:
                budget.Step(a.Items.Count + (long)b.Items.Count);
                return new ListValue([.. a.Items, .. b.Items], a.IsTuple);
            case ("%", string format, _):
                return PercentFormat.Apply(format, right, budget);
            case ("*", string text, long or bool):
                return Repeat(text, right, budget);
            case ("*", long or bool, string text):
                return Repeat(text, left, budget);
            case ("*", ListValue list, long or bool):
                return Repeat(list, right, budget);
            case ("*", long or bool, ListValue list):
                return Repeat(list, left, budget);
            case (_, UndefinedValue undefined, _):
                throw new TemplateError(undefined.Reason);
            case (_, _, UndefinedValue undefined):
                throw new TemplateError(undefined.Reason);
            case (_, bool or long or double, bool or long or double):
                return left is double || right is double || @operator == "/"
                    ? ApplyToFloats(@operator, TemplateValue.ToDouble(left), TemplateValue.ToDouble(right))
                    : (object)ApplyToIntegers(@operator, TemplateValue.ToInteger(left, "a number"), TemplateValue.ToInteger(right, "a number"));
            default:
                throw new TemplateError($"\"{@operator}\" does not work on {TemplateValue.TypeName(left)} and {TemplateValue.TypeName(right)}");
        }
    }

    private static string Repeat(string text, object? count, Budget budget) =>
        new StringBuilder().Insert(0, text, Times(text.Length, count, budget)).ToString();

    private static ListValue Repeat(ListValue list, object? count, Budget budget) =>
        new([.. Enumerable.Repeat(list.Items, Times(list.Items.Count, count, budget)).SelectMany(items => items)], list.IsTuple);

    private static int Times(int length, object? count, Budget budget)
    {
        long times = Math.Clamp(TemplateValue.ToInteger(count, "a count"), 0, int.MaxValue);
        budget.Write(length * times);
        budget.Step(length * times);
        return length == 0 ? 0 : (int)times;
    }

    private static double ApplyToFloats(string @operator, double left, double right)
    {
        if (right == 0 && @operator is "/" or "//" or "%")
        {
            throw new TemplateError("a number is divided by zero");
        }

        return @operator switch
        {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "/" => left / right,
            "//" => Math.Floor(left / right),
            "%" => Remainder(left, right),
            _ => Power(left, right),
        };
    }

    // Has the sign of the divisor, also where it is zero.
    private static double Remainder(double left, double right)
    {
        double remainder = left % right;
        return remainder == 0 ? double.CopySign(0, right) : (remainder < 0) != (right < 0) ? remainder + right : remainder;
    }

    private static double Power(double left, double right)
    {
        if (left == 0 && right < 0)
        {
            throw new TemplateError("zero is raised to a negative power");
        }

        return left < 0 && right != Math.Floor(right) ? throw new TemplateError("a negative number has no such power") : Math.Pow(left, right);
    }

    private static object ApplyToIntegers(string @operator, long left, long right)
    {
        if (right == 0 && @operator is "//" or "%")
        {
            throw new TemplateError("a number is divided by zero");
        }

        try
        {
            return @operator switch
            {
                "+" => checked(left + right),
                "-" => checked(left - right),
                "*" => checked(left * right),
                "//" => FloorDivide(left, right),
                "%" => right == -1 ? 0L : left - (FloorDivide(left, right) * right),
                _ => Power(left, right),
            };
        }
        catch (OverflowException)
        {
            throw new TemplateError("an integer is too large");
        }
    }

    private static long FloorDivide(long left, long right)
    {
        long quotient = checked(left / right);
        return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
    }

    private static object Power(long left, long right)
    {
        if (right < 0)
        {
            return Power((double)left, right);
        }

        long result = 1;
        for (; right > 0; right >>= 1)
        {
            result = (right & 1) == 1 ? checked(result * left) : result;
            left = right > 1 ? checked(left * left) : left;
        }

        return result;
    }
}
