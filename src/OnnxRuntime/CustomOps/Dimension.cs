namespace AdapterServe.OnnxRuntime.CustomOps;

/// <summary>A dimension as known at load: a size, a name (equal names are equal sizes), or neither.</summary>
public readonly record struct Dimension(long? Size, string? Name = null)
{
    public static Dimension Unknown => default;

    public static Dimension Of(long size) => new(size);

    public static Dimension Named(string name) => new(null, name);
}
