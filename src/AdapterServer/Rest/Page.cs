using System.Globalization;
using AdapterServe.AdapterServer.Errors;

namespace AdapterServe.AdapterServer.Rest;

/// <summary>The part of a list that a client asks for with <c>limit</c> and <c>after</c>; without them all of it.</summary>
internal readonly record struct Page(int? Limit, string? After)
{
    public static Page Of(HttpRequest request)
    {
        int? limit = null;
        if (request.Query.TryGetValue("limit", out var text))
        {
            limit = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
                ? number
                : throw ApiException.Invalid("limit", "'limit' must be a whole number of at least 1.");
        }

        return new Page(limit, request.Query.TryGetValue("after", out var after) ? after.ToString() : null);
    }

    /// <summary>0 and empty are "all". <b>Errors</b>: 400 for a negative limit.</summary>
    public static Page Of(int limit, string after) => limit < 0
        ? throw ApiException.Invalid("limit", "'limit' must be a whole number of at least 1.")
        : new Page(limit == 0 ? null : limit, after.Length == 0 ? null : after);

    /// <summary>The page of a list. <b>Errors</b>: 400 when no item has the name in <see cref="After"/>.</summary>
    public (IReadOnlyList<T> Items, bool HasMore) Cut<T>(IReadOnlyList<T> all, Func<T, string> name)
    {
        var start = 0;
        if (After is { } after)
        {
            while (start < all.Count && name(all[start]) != after)
            {
                start++;
            }

            start = start < all.Count ? start + 1 : throw ApiException.Invalid("after", "'after' names nothing in the list.");
        }

        var count = Math.Min(Limit ?? int.MaxValue, all.Count - start);
        return (start == 0 && count == all.Count ? all : [.. all.Skip(start).Take(count)], start + count < all.Count);
    }
}
