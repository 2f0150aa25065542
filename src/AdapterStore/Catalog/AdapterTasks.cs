using System.Collections.Immutable;
using System.Globalization;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>Which task of an adapter a reference means.</summary>
internal static class AdapterTasks
{
    private const int Shown = 20;

    /// <summary>
    /// <b>Semantics</b>: a name before a number, so that a task named <c>2</c> is found by it; the only task need not be named.
    /// <b>Errors</b>: NotFound <c>task_not_found</c>; Malformed <c>task_required</c>, <c>no_tasks</c>.
    /// </summary>
    public static int? Choose(ImmutableArray<string> tasks, string? task, string name)
    {
        if (tasks.IsEmpty)
        {
            return task is null ? null : throw StoreErrors.Malformed("no_tasks", $"The adapter '{AdapterNames.Shorten(name)}' has no tasks; leave '#{AdapterNames.Shorten(task)}' out.");
        }

        if (task is null)
        {
            return tasks.Length == 1 ? 0 : throw StoreErrors.Malformed("task_required", $"The adapter '{AdapterNames.Shorten(name)}' has several tasks; ask for one of them: {List(tasks, name)}.");
        }

        var number = tasks.IndexOf(task);
        return number >= 0 || (int.TryParse(task, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < tasks.Length)
            ? number
            : throw new AdapterStoreException(
                AdapterErrorKind.NotFound, "task_not_found", $"The adapter '{AdapterNames.Shorten(name)}' has no task '{AdapterNames.Shorten(task)}', only {List(tasks, name)}.");
    }

    private static string List(ImmutableArray<string> tasks, string name) =>
        string.Join(", ", tasks.Take(Shown).Select(task => $"{AdapterNames.Shorten(name)}#{AdapterNames.Shorten(task)}")) + (tasks.Length > Shown ? ", …" : string.Empty);
}
