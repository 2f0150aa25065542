namespace AdapterServe.Kernels.Weights;

/// <summary>The shapes of <see cref="BottleneckParts"/> against each other and against the site.</summary>
internal static class BottleneckChecks
{
    private const string Name = "Bottleneck";

    public static void Require(BottleneckParts parts, int inFeatures, int outFeatures)
    {
        var (down, up) = (parts.Down, parts.Up);
        foreach (var matrix in new[] { down, up })
        {
            Shape.RequireRange(Name, "rows of a matrix", 1, int.MaxValue, matrix.Rows);
            Shape.RequireRange(Name, "columns of a matrix", 1, int.MaxValue, matrix.Columns);
            var elements = (long)matrix.Rows * matrix.Columns;
            Shape.Require(Name, "elements of a matrix", matrix is BitMatrix ? (elements + 7) / 8 * 8 : elements, matrix.Length);
        }

        Shape.Require(Name, "columns of Up", down.Rows, up.Columns);
        Shape.Require(Name, "type of Up", (long)down.Type, (long)up.Type);
        RequireSlice("channels that are read", parts.InOffset, down.Columns, parts.Input == BottleneckInput.Output ? outFeatures : inFeatures);
        RequireSlice("channels that are written", parts.OutOffset, up.Rows, outFeatures);
        if (parts.Input == BottleneckInput.Sum)
        {
            Shape.Require(Name, "width of the input, which is added to the output,", outFeatures, inFeatures);
        }

        RequireVectors(parts);
    }

    private static void RequireVectors(BottleneckParts parts)
    {
        var (down, up) = (parts.Down, parts.Up);
        RequireLength("DownBias", down.Rows, parts.DownBias);
        RequireLength("UpBias", up.Rows, parts.UpBias);
        RequireLength("ChannelScale", up.Rows, parts.ChannelScale);
        RequireLength("weight of the norm before", down.Columns, parts.Before?.Weight);
        RequireLength("bias of the norm before", down.Columns, parts.Before?.Bias);
        RequireLength("weight of the norm after", up.Rows, parts.After?.Weight);
        RequireLength("bias of the norm after", up.Rows, parts.After?.Bias);
        if (parts.UpBias is not null && up.Type == WeightType.Bit)
        {
            throw new ArgumentException($"{Name}: Up of bits has no bias.");
        }

        if (parts.Convolution is { } convolution)
        {
            Shape.RequireRange(Name, "taps", 1, int.MaxValue, convolution.Taps);
            Shape.Require(Name, "weight of the convolution", (long)down.Rows * convolution.Taps, convolution.Weight.Length);
            RequireLength("bias of the convolution", down.Rows, convolution.Bias);
        }
    }

    private static void RequireSlice(string argument, int offset, int width, int features)
    {
        Shape.RequireRange(Name, "first of the " + argument, 0, features, offset);
        Shape.RequireRange(Name, "end of the " + argument, 0, (long)features + 1, (long)offset + width);
    }

    private static void RequireLength(string argument, int expected, float[]? values)
    {
        if (values is not null)
        {
            Shape.Require(Name, argument, expected, values.Length);
        }
    }
}
