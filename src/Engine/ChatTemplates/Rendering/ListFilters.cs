using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>Jinja's filters on lists and mappings.</summary>
internal static class ListFilters
{
    public static Dictionary<string, Filter> All { get; } = new(StringComparer.Ordinal)
    {
        ["length"] = (e, value, _) => Length(e, value),
        ["count"] = (e, value, _) => Length(e, value),
        ["first"] = (e, value, _) => Items(e, value) is [var first, ..] ? first : new UndefinedValue("there is no first item"),
        ["last"] = (e, value, _) => Items(e, value) is [.., var last] ? last : new UndefinedValue("there is no last item"),
        ["list"] = (e, value, _) => new ListValue(Items(e, value)),
        ["items"] = (_, value, _) => value switch
        {
            DictValue dict => Methods.Pairs(dict),
            UndefinedValue => new ListValue([]),
            _ => throw new TemplateError($"{TemplateValue.TypeName(value)} has no items"),
        },
        ["dictsort"] = DictSort,
        ["batch"] = Batch,
        ["slice"] = Slice,
        ["groupby"] = GroupBy,
        ["reverse"] = (e, value, _) => Items(e, value).AsEnumerable().Reverse().ToList() is var reversed && value is string ? string.Concat(reversed) : new ListValue(reversed),
        ["join"] = Join,
        ["map"] = Map,
        ["select"] = (e, value, arguments) => Select(e, value, arguments, byAttribute: false, wanted: true),
        ["reject"] = (e, value, arguments) => Select(e, value, arguments, byAttribute: false, wanted: false),
        ["selectattr"] = (e, value, arguments) => Select(e, value, arguments, byAttribute: true, wanted: true),
        ["rejectattr"] = (e, value, arguments) => Select(e, value, arguments, byAttribute: true, wanted: false),
        ["sort"] = Sort,
        ["unique"] = Unique,
        ["min"] = (e, value, arguments) => Sorted(e, value, arguments) is [var least, ..] ? least : new UndefinedValue("there is no least item"),
        ["max"] = (e, value, arguments) => Sorted(e, value, arguments) is [.., var greatest] ? greatest : new UndefinedValue("there is no greatest item"),
        ["sum"] = Sum,
    };

    private static List<object?> Items(Evaluator evaluator, object? value)
    {
        List<object?> items = TemplateValue.Items(value);
        evaluator.Budget.Step(ContainerValue.WeightOf(value) + items.Count);
        return items;
    }

    // Selecting and mapping take whatever is false for an empty list.
    private static List<object?> ItemsOrNone(Evaluator evaluator, object? value) => TemplateValue.IsTrue(value) ? Items(evaluator, value) : [];

    private static long Length(Evaluator evaluator, object? value) => value switch
    {
        string text => (long)Access.Length(text),
        _ => (long)Items(evaluator, value).Count,
    };

    private static string Join(Evaluator evaluator, object? value, CallArguments arguments)
    {
        string? attribute = arguments.Get(1, "attribute") as string;
        List<object?> items = Items(evaluator, value);
        return StringMethods.Join(arguments.Text(0, "d", ""), attribute is null ? items : [.. items.Select(item => Path(evaluator, item, attribute))], evaluator.Budget);
    }

    // map(attribute="a") or map("filter", its arguments)
    private static ListValue Map(Evaluator evaluator, object? value, CallArguments arguments)
    {
        List<object?> items = ItemsOrNone(evaluator, value);
        if (arguments.Named.TryGetValue("attribute", out object? attribute))
        {
            object? whenAbsent = arguments.Named.GetValueOrDefault("default");
            return new ListValue([.. items.Select(item => Path(evaluator, item, attribute, whenAbsent))]);
        }

        string filter = arguments.Required(0, "filter") as string ?? throw new TemplateError("map needs a filter's name");
        return new ListValue([.. items.Select(item => evaluator.ApplyFilter(filter, item, arguments.Skip(1)))]);
    }

    private static ListValue Select(Evaluator evaluator, object? value, CallArguments arguments, bool byAttribute, bool wanted)
    {
        object? attribute = byAttribute ? arguments.Required(0, "attribute") : null;
        int testAt = byAttribute ? 1 : 0;
        string? test = arguments.Get(testAt, "test") as string;
        CallArguments rest = arguments.Skip(testAt + 1);
        return new ListValue([.. ItemsOrNone(evaluator, value).Where(item =>
        {
            object? tested = byAttribute ? Path(evaluator, item, attribute) : item;
            return (test is null ? TemplateValue.IsTrue(tested) : evaluator.ApplyTest(test, tested, rest)) == wanted;
        })]);
    }

    private static ListValue Sort(Evaluator evaluator, object? value, CallArguments arguments)
    {
        bool reverse = arguments.Flag(0, "reverse");
        bool caseSensitive = arguments.Flag(1, "case_sensitive");
        object? attribute = arguments.Get(2, "attribute");
        Func<object?, object?> key = attribute is string names && names.Contains(',', StringComparison.Ordinal)
            ? item => new ListValue([.. names.Split(',').Select(name => Path(evaluator, item, name))], isTuple: true)
            : item => Path(evaluator, item, attribute);
        return new ListValue(Ordered(Items(evaluator, value), key, caseSensitive, reverse));
    }

    private static List<object?> Sorted(Evaluator evaluator, object? value, CallArguments arguments) =>
        Ordered(Items(evaluator, value), item => Path(evaluator, item, arguments.Get(1, "attribute")), arguments.Flag(0, "case_sensitive"), reverse: false);

    private static List<object?> Ordered(List<object?> items, Func<object?, object?> key, bool caseSensitive, bool reverse)
    {
        var order = Comparer<object?>.Create((left, right) => TemplateValue.AreEqual(left, right) ? 0 : TemplateValue.Compare(left, right));
        object? Key(object? item) => Folded(key(item), caseSensitive);
        try
        {
            return [.. reverse ? items.OrderByDescending(Key, order) : items.OrderBy(Key, order)];
        }
        catch (InvalidOperationException e) when (e.InnerException is TemplateError error)
        {
            throw new TemplateError(error.Message);
        }
    }

    private static object? Folded(object? key, bool caseSensitive) => key switch
    {
        string text when !caseSensitive => text.ToLowerInvariant(),
        ListValue { IsTuple: true } keys => new ListValue([.. keys.Items.Select(item => Folded(item, caseSensitive))], isTuple: true),
        _ => key,
    };

    private static ListValue DictSort(Evaluator evaluator, object? value, CallArguments arguments)
    {
        DictValue dict = value as DictValue ?? throw new TemplateError($"{TemplateValue.TypeName(value)} can't be sorted by key");
        int part = arguments.Text(1, "by", "key") == "value" ? 1 : 0;
        return new ListValue(Ordered(Methods.Pairs(dict).Items, pair => ((ListValue)pair!).Items[part], arguments.Flag(0, "case_sensitive"), arguments.Flag(2, "reverse")));
    }

    private static ListValue Batch(Evaluator evaluator, object? value, CallArguments arguments)
    {
        int size = (int)Math.Clamp(arguments.Integer(0, "linecount", 0), 1, int.MaxValue);
        object? fill = arguments.Get(1, "fill_with");
        List<ListValue> rows = [.. Items(evaluator, value).Chunk(size).Select(row => new ListValue([.. row]))];
        if (fill is not null && rows is [.., var last])
        {
            Fill(evaluator, last, fill, size);
        }

        return new ListValue([.. rows]);
    }

    private static ListValue Slice(Evaluator evaluator, object? value, CallArguments arguments)
    {
        List<object?> items = Items(evaluator, value);
        int count = (int)Math.Clamp(arguments.Integer(0, "slices", 1), 1, int.MaxValue);
        evaluator.Budget.Step(count);
        (int size, int longer) = Math.DivRem(items.Count, count);
        object? fill = arguments.Get(1, "fill_with");
        var columns = new ListValue([]);
        for (int i = 0, at = 0; i < count; i++)
        {
            int length = size + (i < longer ? 1 : 0);
            var column = new ListValue(items.GetRange(at, length));
            at += length;
            if (fill is not null && i >= longer)
            {
                Fill(evaluator, column, fill, size + 1);
            }

            columns.Items.Add(column);
        }

        return columns;
    }

    private static void Fill(Evaluator evaluator, ListValue row, object? fill, int size)
    {
        evaluator.Budget.Step(size);
        row.Items.AddRange(Enumerable.Repeat(fill, Math.Max(0, size - row.Items.Count)));
    }

    // Pairs that can be unpacked, or asked for their grouper and list.
    private static ListValue GroupBy(Evaluator evaluator, object? value, CallArguments arguments)
    {
        object? attribute = arguments.Required(0, "attribute");
        bool caseSensitive = arguments.Flag(2, "case_sensitive");
        object? Key(object? item) => Path(evaluator, item, attribute, arguments.Get(1, "default"));
        var groups = new ListValue([]);
        ListValue? current = null;
        object? last = null;
        foreach (object? item in Ordered(Items(evaluator, value), Key, caseSensitive, reverse: false))
        {
            object? key = Key(item);
            if (current is null || !TemplateValue.AreEqual(Folded(key, caseSensitive), last))
            {
                current = new ListValue([]);
                last = Folded(key, caseSensitive);
                groups.Items.Add(new GroupValue(key, current));
            }

            current.Items.Add(item);
        }

        return groups;
    }

    private static ListValue Unique(Evaluator evaluator, object? value, CallArguments arguments)
    {
        bool caseSensitive = arguments.Flag(0, "case_sensitive");
        var seen = new HashSet<object>(ValueComparer.Instance);
        return new ListValue([.. Items(evaluator, value).Where(item =>
        {
            object? key = Path(evaluator, item, arguments.Get(1, "attribute"));
            return seen.Add(new ListValue([key is string text && !caseSensitive ? text.ToLowerInvariant() : key], isTuple: true));
        })]);
    }

    private static object? Sum(Evaluator evaluator, object? value, CallArguments arguments) => Items(evaluator, value)
        .Select(item => Path(evaluator, item, arguments.Get(0, "attribute")))
        .Aggregate(arguments.Get(1, "start", 0L), (sum, item) => Arithmetic.Apply("+", sum, item, evaluator.Budget));

    // "a.b.0" goes through attributes and indices; no path is the item itself. What is missing on the way is the value given for that, if any.
    private static object? Path(Evaluator evaluator, object? item, object? path, object? whenAbsent = null)
    {
        object[] steps = path switch
        {
            null => [],
            string text => [.. text.Split('.').Select(name => long.TryParse(name, System.Globalization.CultureInfo.InvariantCulture, out long index) ? (object)index : name)],
            _ => [path],
        };
        foreach (object step in steps)
        {
            item = Access.Item(item, step, evaluator.Budget);
            if (item is UndefinedValue && whenAbsent is not null)
            {
                item = whenAbsent;
            }
        }

        return item;
    }
}
