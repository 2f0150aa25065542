using System.Globalization;
using System.Net;

namespace AdapterServe.LoadTest.Reports.Html;

/// <summary>Text and numbers inside the page. Other people's words are escaped, and control characters become spaces.</summary>
internal static class Markup
{
    public static string Text(string text) =>
        WebUtility.HtmlEncode(
            string.Concat(text.Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) || letter >= '\uFFFE' ? ' ' : letter)));

    public static string Number(double value) => Math.Abs(value) switch
    {
        >= 1e6 => (value / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + "M",
        >= 1e4 => (value / 1e3).ToString("0.#", CultureInfo.InvariantCulture) + "k",
        >= 100 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.#", CultureInfo.InvariantCulture),
        >= 0.1 or 0 => value.ToString("0.##", CultureInfo.InvariantCulture),
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };

    /// <summary>A coordinate in the drawing.</summary>
    public static string At(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
