using System.Collections.Immutable;
using System.Globalization;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// The tasks that a file holds, as <see cref="AdapterTensors.Tasks"/> wants them.
/// <b>Errors</b>: Unservable <c>option_range</c> for none, too many, or names that no request could use.
/// </summary>
internal static class FileTasks
{
    /// <summary>Every task is lowered once at upload.</summary>
    private const int Most = 1024;
    private const int LongestName = 128;

    /// <summary>Rows without names go by their numbers.</summary>
    public static ImmutableArray<string> Numbered(string key, int count) => count is >= 1 and <= Most
        ? [.. Enumerable.Range(0, count).Select(number => number.ToString(CultureInfo.InvariantCulture))]
        : throw StoreErrors.Unservable("option_range", $"'{AdapterNames.Shorten(key)}' in {AdapterFolder.ConfigFile} counts {count} tasks; an adapter may have 1 to {Most}.");

    public static ImmutableArray<string> Named(string key, ImmutableArray<string> names)
    {
        _ = Numbered(key, names.Length);
        return names.Distinct(StringComparer.Ordinal).Count() == names.Length && names.All(name => name.Length is >= 1 and <= LongestName && !name.Any(char.IsControl))
            ? names
            : throw StoreErrors.Unservable(
                "option_range", $"'{AdapterNames.Shorten(key)}' in {AdapterFolder.ConfigFile} must name each task once, with 1 to {LongestName} printable characters.");
    }
}
