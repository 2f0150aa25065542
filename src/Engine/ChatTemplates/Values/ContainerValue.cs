namespace AdapterServe.Engine.ChatTemplates.Values;

/// <summary>
/// A value made of values. It knows what going through all of it costs: a template can put the same list into itself twice, again and again,
/// which takes little memory and endless time to compare or write.
/// </summary>
internal abstract class ContainerValue
{
    private long _weight;

    /// <summary>Levels of containers within containers, this one included; 0 until measured.</summary>
    public int Depth { get; private set; }

    /// <summary>Values within, counted as often as they occur.</summary>
    public long Weight
    {
        get
        {
            Measure();
            return _weight;
        }
    }

    protected abstract IEnumerable<object?> Children { get; }

    /// <summary>What walking through a value costs.</summary>
    public static long WeightOf(object? value) => value is ContainerValue container ? container.Weight : 1;

    /// <summary>Counts once; true where this was the first time. What is within is measured before, so this goes no deeper than what is new.</summary>
    public bool Measure()
    {
        if (_weight > 0)
        {
            return false;
        }

        long weight = 1;
        int depth = 0;
        foreach (object? child in Children)
        {
            weight += WeightOf(child);
            depth = Math.Max(depth, (child as ContainerValue)?.Depth ?? 0);
        }

        _weight = weight;
        Depth = depth + 1;
        return true;
    }
}
