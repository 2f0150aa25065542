using System.Globalization;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>
/// Walks a finished pickle once: containers that end, plain values only, and a name for each place where a tensor stands.
/// <b>Semantics</b>: the names of a tensor's keys joined by <c>/</c>; list and tuple places by number. A shared container is walked and named at its first place.
/// <b>Errors</b>: <c>pickle_recursive</c>, <c>pickle_depth</c>, <c>pickle_type</c>, <c>pickle_duplicate_tensor</c>, TooLarge.
/// </summary>
internal sealed class PickleTree(PickleBudget budget)
{
    public const int MaxDepth = 64;
    private const int Open = -1;
    private const int VisitBytes = 64;

    private readonly Dictionary<object, int> _heights = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, PickleTensor> _tensors = new(StringComparer.Ordinal);

    public static Dictionary<string, PickleTensor> TensorsOf(PickleValue root, PickleBudget budget)
    {
        var tree = new PickleTree(budget);
        tree.Visit(root, string.Empty, 0);
        return tree._tensors;
    }

    /// <summary>The levels of containers in the value. Recursion ends at <see cref="MaxDepth"/>.</summary>
    private int Visit(PickleValue value, string name, int depth)
    {
        switch (value.Kind)
        {
            case PickleKind.Tensor:
                budget.Take(VisitBytes + (name.Length * sizeof(char)));
                return _tensors.TryAdd(name, value.Tensor) ? 0 : throw PickleErrors.DuplicateTensor(name);
            case PickleKind.Internal:
                throw PickleErrors.Type("a tensor, number, string or container");
            case PickleKind.List or PickleKind.Tuple or PickleKind.Dict:
                return VisitContainer(value, name, depth);
            default:
                return 0;
        }
    }

    private int VisitContainer(PickleValue container, string name, int depth)
    {
        var identity = container.Reference!;
        if (_heights.TryGetValue(identity, out var known))
        {
            return known == Open ? throw PickleErrors.Recursive() : RequireDepth(depth, known);
        }

        RequireDepth(depth, 1);
        budget.Take(VisitBytes + ((long)name.Length * sizeof(char)));
        _heights[identity] = Open;
        var height = 0;
        if (container.Kind == PickleKind.Dict)
        {
            foreach (var (key, value) in container.Dict.Items)
            {
                height = Math.Max(height, IsLeaf(value) ? 0 : Visit(value, Join(name, KeyOf(key)), depth + 1));
            }
        }
        else
        {
            var items = container.Kind == PickleKind.List ? System.Runtime.InteropServices.CollectionsMarshal.AsSpan(container.List) : container.Tuple.Items;
            for (var i = 0; i < items.Length; i++)
            {
                height = Math.Max(height, IsLeaf(items[i]) ? 0 : Visit(items[i], Join(name, i.ToString(CultureInfo.InvariantCulture)), depth + 1));
            }
        }

        _heights[identity] = height + 1;
        return height + 1;
    }

    /// <summary>Lists of numbers are long; they need no names.</summary>
    private static bool IsLeaf(PickleValue value) => value.Kind is PickleKind.Int or PickleKind.Float or PickleKind.Bool or PickleKind.None or PickleKind.Text;

    private string Join(string name, string key)
    {
        budget.Take((name.Length + key.Length) * (long)sizeof(char));
        return name.Length == 0 ? key : name + "/" + key;
    }

    private static string KeyOf(PickleValue key) => key.Kind == PickleKind.Text ? key.Text : key.Int.ToString(CultureInfo.InvariantCulture);

    private static int RequireDepth(int depth, int height) => depth + height <= MaxDepth ? height : throw PickleErrors.Depth(MaxDepth);
}
