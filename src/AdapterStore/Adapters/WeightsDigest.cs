using System.Globalization;

namespace AdapterServe.AdapterStore.Adapters;

/// <summary>What weights are known by: the content's digest, and behind a <c>#</c> the task's number where the content holds several.</summary>
internal static class WeightsDigest
{
    private const char Mark = '#';

    public static string Of(string digest, int? task) => task is { } number ? string.Create(CultureInfo.InvariantCulture, $"{digest}{Mark}{number}") : digest;

    public static (string Digest, int? Task) Split(string weightsDigest)
    {
        var mark = weightsDigest.IndexOf(Mark, StringComparison.Ordinal);
        return mark < 0 ? (weightsDigest, null) : (weightsDigest[..mark], int.Parse(weightsDigest.AsSpan(mark + 1), CultureInfo.InvariantCulture));
    }

    /// <summary>Stands behind those of all tasks of a content, in ordinal order, and before every other content's.</summary>
    public static string LastOf(string digest) => digest + (char)(Mark + 1);
}
