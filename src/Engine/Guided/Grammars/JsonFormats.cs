using System.Collections.Frozen;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>
/// The formats of JSON Schema as expressions. Each takes a part of what its standard allows, so that no reader turns a text down: days that exist, no leap seconds,
/// host names of letters, digits and hyphens. <b>Source</b>: RFC 3339, 4122, 1123, 2673, 4291, 5321, 3986.
/// </summary>
internal static class JsonFormats
{
    private const string Year = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})";
    private const string LeapYear = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)";
    private const string Date =
        $"({Year}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|{LeapYear}-02-29)";

    private const string Time = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?(Z|[+\\-](0[0-9]|1[0-3]):[0-5][0-9])";

    // A year or more from either end of the calendar, so that the offset can't carry it beyond.
    private const string MiddleYear = "(0[1-9][0-9]{2}|[1-8][0-9]{3})";
    private const string MiddleDate =
        $"({MiddleYear}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])))";

    // The last label begins with a letter, so that nobody takes it for an address; no two hyphens in a row, which begin an encoded name.
    private const string Label = "[A-Za-z0-9]{1,16}(-[A-Za-z0-9]{1,16}){0,2}";
    private const string Host = $"({Label}\\.){{0,3}}[A-Za-z][A-Za-z0-9]{{0,16}}";
    private const string Mailbox = "[A-Za-z0-9]{1,16}([._+\\-][A-Za-z0-9]{1,16}){0,3}";
    private const string Octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private const string Group = "[0-9A-Fa-f]{1,4}";
    private const string Path = "(/[A-Za-z0-9._~\\-]{0,64}){0,16}";
    private const string Query = "(\\?[A-Za-z0-9._~=&\\-]{0,128})?(#[A-Za-z0-9._~\\-]{0,64})?";

    private static readonly FrozenDictionary<string, string> Expressions = new Dictionary<string, string>
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = $"{MiddleDate}T{Time}",
        ["duration"] = "P([0-9]{1,4}W|[0-9]{1,4}D(T[0-9]{1,4}H)?|[0-9]{1,4}Y([0-9]{1,4}M([0-9]{1,4}D)?)?|T([0-9]{1,4}H([0-9]{1,4}M([0-9]{1,4}S)?)?|[0-9]{1,4}M([0-9]{1,4}S)?|[0-9]{1,4}S))",
        ["uuid"] = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        ["email"] = $"{Mailbox}@({Label}\\.){{1,3}}[A-Za-z]{{2,12}}",
        ["hostname"] = Host,
        ["ipv4"] = $"{Octet}(\\.{Octet}){{3}}",
        ["ipv6"] = $"({Group}(:{Group}){{7}}|::({Group}(:{Group}){{0,5}})?|{Group}::({Group}(:{Group}){{0,4}})?|({Group}:){{2}}:({Group}(:{Group}){{0,3}})?)",
        ["uri"] = $"https?://{Host}(:[1-9][0-9]{{0,3}})?{Path}{Query}",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static string? Find(string name) => Expressions.GetValueOrDefault(name);
}
