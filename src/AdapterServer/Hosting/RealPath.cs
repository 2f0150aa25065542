namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Where a path leads when every link on the way is followed.</summary>
internal static class RealPath
{
    private const int MostLinks = 40;

    /// <summary>The path without links, or null where nothing is there or the links go in a circle.</summary>
    public static string? Of(string path)
    {
        var left = new Stack<string>(Parts(Path.GetFullPath(path)));
        var reached = Path.DirectorySeparatorChar.ToString();
        var links = 0;
        while (left.TryPop(out var part))
        {
            var next = Path.Combine(reached, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                reached = next;
                continue;
            }

            if (++links > MostLinks)
            {
                return null;
            }

            // What a link says counts from the folder that it lies in, which has no links any more.
            foreach (var step in Parts(Path.GetFullPath(target, reached)))
            {
                left.Push(step);
            }

            reached = Path.DirectorySeparatorChar.ToString();
        }

        return Path.Exists(reached) ? reached : null;
    }

    /// <summary>Last first.</summary>
    private static IEnumerable<string> Parts(string path) => path.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse();
}
