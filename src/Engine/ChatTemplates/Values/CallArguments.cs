namespace AdapterServe.Engine.ChatTemplates.Values;

/// <summary>The evaluated arguments of a call, filter or test.</summary>
internal sealed record CallArguments(List<object?> Positional, Dictionary<string, object?> Named)
{
    public static CallArguments Of(params object?[] positional) => new([.. positional], []);

    /// <summary>What walking through all of them costs.</summary>
    public long Weight => Positional.Sum(ContainerValue.WeightOf) + Named.Values.Sum(ContainerValue.WeightOf);

    /// <summary>By place or, failing that, by name; <paramref name="whenAbsent"/> otherwise.</summary>
    public object? Get(int index, string name, object? whenAbsent = null) =>
        index < Positional.Count ? Positional[index] : Named.GetValueOrDefault(name, whenAbsent);

    public bool Has(int index, string name) => index < Positional.Count || Named.ContainsKey(name);

    public object? Required(int index, string name) => Has(index, name) ? Get(index, name) : throw new TemplateError($"the argument \"{name}\" is missing");

    public string Text(int index, string name, string whenAbsent) => Get(index, name, whenAbsent) switch
    {
        string text => text,
        var other => throw new TemplateError($"the argument \"{name}\" must be a string, not {TemplateValue.TypeName(other)}"),
    };

    public long Integer(int index, string name, long whenAbsent) => TemplateValue.ToInteger(Get(index, name, whenAbsent), name);

    public bool Flag(int index, string name, bool whenAbsent = false) => TemplateValue.IsTrue(Get(index, name, whenAbsent));

    /// <summary>The arguments behind the first <paramref name="count"/>.</summary>
    public CallArguments Skip(int count) => new(Positional[Math.Min(count, Positional.Count)..], Named);
}
