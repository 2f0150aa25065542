namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>
/// A value of a torch file; 16 bytes, so that lists of numbers stay small.
/// <b>Errors</b>: Malformed <c>pickle_type</c> for a value of another kind than the one asked for.
/// </summary>
internal readonly struct PickleValue
{
    private static readonly object BoolTag = new();
    private static readonly object IntTag = new();
    private static readonly object FloatTag = new();

    private readonly object? _object;
    private readonly long _bits;

    private PickleValue(object tag, long bits)
    {
        _object = tag;
        _bits = bits;
    }

    private PickleValue(object value) => _object = value;

    public static PickleValue None => default;

    public PickleKind Kind => _object switch
    {
        null => PickleKind.None,
        string => PickleKind.Text,
        PickleTensor => PickleKind.Tensor,
        PickleList => PickleKind.List,
        PickleTuple => PickleKind.Tuple,
        PickleDict => PickleKind.Dict,
        _ when _object == IntTag => PickleKind.Int,
        _ when _object == FloatTag => PickleKind.Float,
        _ when _object == BoolTag => PickleKind.Bool,
        _ => PickleKind.Internal,
    };

    public bool IsNone => _object is null;

    public bool Bool => _object == BoolTag ? _bits != 0 : throw PickleErrors.Type("True or False");

    public long Int => _object == IntTag ? _bits : throw PickleErrors.Type("an integer");

    /// <summary>A float or an integer.</summary>
    public double Number => _object == FloatTag ? BitConverter.Int64BitsToDouble(_bits) : _object == IntTag ? _bits : throw PickleErrors.Type("a number");

    public string Text => Object<string>("a string");

    public PickleDict Dict => Object<PickleDict>("a dictionary");

    public PickleTensor Tensor => Object<PickleTensor>("a tensor");

    public PickleTuple Tuple => Object<PickleTuple>("a tuple");

    public List<PickleValue> List => Object<PickleList>("a list").Items;

    /// <summary>The object behind a container or <see cref="PickleKind.Internal"/> value; null for the others.</summary>
    public object? Reference => _object == IntTag || _object == FloatTag || _object == BoolTag ? null : _object;

    public static PickleValue From(bool value) => new(BoolTag, value ? 1 : 0);

    public static PickleValue From(long value) => new(IntTag, value);

    public static PickleValue From(double value) => new(FloatTag, BitConverter.DoubleToInt64Bits(value));

    public static PickleValue From(object value) => new(value);

    private T Object<T>(string expected)
        where T : class => _object as T ?? throw PickleErrors.Type(expected);
}
