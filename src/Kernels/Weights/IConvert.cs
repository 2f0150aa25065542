namespace AdapterServe.Kernels.Weights;

internal interface IConvert<TFrom, TTo>
{
    static abstract TTo Convert(TFrom value);
}

internal readonly struct Keep<T> : IConvert<T, T>
{
    public static T Convert(T value) => value;
}

internal readonly struct ToBF16 : IConvert<float, ushort>
{
    public static ushort Convert(float value) => BF16.FromSingle(value);
}

internal readonly struct FromBF16 : IConvert<ushort, float>
{
    public static float Convert(ushort value) => BF16.ToSingle(value);
}
