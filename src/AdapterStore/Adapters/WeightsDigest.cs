using System.Globalization;

namespace AdapterServe.AdapterStore.Adapters;

/// <summary>
/// What weights are known by: the content's digest, behind a <c>#</c> the task's number where the content holds several, and a <c>=</c> for weights
/// exactly as the file has them where others are held.
/// </summary>
internal static class WeightsDigest
{
    private const char TaskMark = '#';
    private const char ExactMark = '=';

    public static string Of(string digest, int? task) =>
        task is { } number ? string.Create(CultureInfo.InvariantCulture, $"{digest}{TaskMark}{number}") : digest;

    public static string Exact(string weightsDigest) => weightsDigest + ExactMark;

    public static (string Digest, int? Task, bool IsExact) Split(string weightsDigest)
    {
        var isExact = weightsDigest.EndsWith(ExactMark);
        var held = isExact ? weightsDigest[..^1] : weightsDigest;
        var mark = held.IndexOf(TaskMark, StringComparison.Ordinal);
        return mark < 0 ? (held, null, isExact) : (held[..mark], int.Parse(held.AsSpan(mark + 1), CultureInfo.InvariantCulture), isExact);
    }

    /// <summary>Stands behind all weights of a content, in ordinal order, and before every other content's.</summary>
    public static string LastOf(string digest) => digest + (char)(ExactMark + 1);
}
