namespace AdapterServe.Kernels.Reference;

/// <summary>What an adapter does to the embedding of each row of one segment, from plain matrices, in double.</summary>
internal static class EmbeddingRows
{
    /// <summary>y[row] = R[n] where ids[n] is the row's token.</summary>
    public static void Replace(ReadOnlySpan<long> tokens, Span<double> y, int width, int rowStart, int rowEnd, ReadOnlySpan<int> ids, ReadOnlySpan<float> rows)
    {
        for (var row = rowStart; row < rowEnd; row++)
        {
            for (var n = 0; n < ids.Length; n++)
            {
                for (var i = 0; i < width && ids[n] == tokens[row]; i++)
                {
                    y[(row * width) + i] = rows[(n * width) + i];
                }
            }
        }
    }

    /// <summary>y[row] += scale * B A[:, token]. <b>Shapes</b>: A [rank, vocabulary], B [width, rank].</summary>
    public static void AddLowRank(
        ReadOnlySpan<long> tokens, Span<double> y, int width, int rowStart, int rowEnd, int vocabulary, ReadOnlySpan<float> a, ReadOnlySpan<float> b, int rank, double scale)
    {
        for (var row = rowStart; row < rowEnd; row++)
        {
            for (var i = 0; i < width * rank; i++)
            {
                y[(row * width) + (i / rank)] += scale * b[i] * a[(i % rank * vocabulary) + (int)tokens[row]];
            }
        }
    }

    /// <summary>y[row] += S[token], from unordered elements.</summary>
    public static void AddSparse(
        ReadOnlySpan<long> tokens, Span<double> y, int width, int rowStart, int rowEnd, ReadOnlySpan<int> ids, ReadOnlySpan<int> columns, ReadOnlySpan<float> values)
    {
        for (var row = rowStart; row < rowEnd; row++)
        {
            for (var i = 0; i < ids.Length; i++)
            {
                y[(row * width) + columns[i]] += ids[i] == tokens[row] ? values[i] : 0;
            }
        }
    }
}
