namespace AdapterServe.Kernels.Weights;

/// <summary>A matrix as a file holds it, row-major, [Rows, Columns].</summary>
public abstract record MatrixParts(int Rows, int Columns)
{
    public abstract WeightType Type { get; }

    internal abstract long Length { get; }

    /// <summary>One element, for the reference and for tests.</summary>
    internal abstract double At(int row, int column);
}

public sealed record F32Matrix(int Rows, int Columns, float[] Values) : MatrixParts(Rows, Columns)
{
    public override WeightType Type => WeightType.F32;

    internal override long Length => Values.Length;

    internal override double At(int row, int column) => Values[((long)row * Columns) + column];
}

public sealed record BF16Matrix(int Rows, int Columns, ushort[] Values) : MatrixParts(Rows, Columns)
{
    public override WeightType Type => WeightType.BF16;

    internal override long Length => Values.Length;

    internal override double At(int row, int column) => BF16.ToSingle(Values[((long)row * Columns) + column]);
}

/// <summary>Each element is Low or High: bit i of the row-major order, lowest bit of a byte first, is set where it is High.</summary>
public sealed record BitMatrix(int Rows, int Columns, byte[] Bits, float Low, float High) : MatrixParts(Rows, Columns)
{
    public override WeightType Type => WeightType.Bit;

    internal override long Length => Bits.Length * 8L;

    internal override double At(int row, int column) => IsHigh(row, column) ? High : Low;

    internal bool IsHigh(int row, int column)
    {
        var at = ((long)row * Columns) + column;
        return ((Bits[at / 8] >> (int)(at % 8)) & 1) != 0;
    }
}
