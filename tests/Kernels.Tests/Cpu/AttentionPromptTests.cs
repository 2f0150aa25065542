using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed unsafe class AttentionPromptTests
{
    private const int Positions = 40;

    [Fact]
    public void Every_head_size_equals_the_reference_and_other_rows_keep_their_bits()
    {
        foreach (var headSize in Lengths.All)
        {
            var shape = new Shape(Heads: 4, KvHeads: 2, headSize, headSize & -2);
            AssertReference(shape, [(0, 2, 5), (3, 3, 1), (5, 9, 7)], rowCount: 10);
        }
    }

    [Fact]
    public void Every_number_of_keys_equals_the_reference()
    {
        foreach (var count in Lengths.All)
        {
            AssertReference(new Shape(6, 2, 20, 10), [(0, 1, count), (2, 4, 3)], rowCount: 5);
        }
    }

    [Theory]
    [InlineData(1, 1, 32, 32)]
    [InlineData(14, 2, 64, 64)]
    [InlineData(3, 3, 5, 0)]
    [InlineData(8, 1, 16, 8)]
    public void Any_group_and_rotation_equals_the_reference(int heads, int kvHeads, int headSize, int rotaryDims) =>
        AssertReference(new Shape(heads, kvHeads, headSize, rotaryDims), [(0, 3, 10), (3, 5, 1)], rowCount: 5);

    [Fact]
    public void Threads_neighbours_and_place_change_no_bit()
    {
        var shape = new Shape(8, 4, 32, 32);
        const int rows = 200;
        var (query, y, positions) = Data(shape, rows);
        var parallel = new ThreadParallel(3);
        var expected = Run(shape, query, y, positions, [(0, rows, 40)], new SerialParallel());
        Assert.Equal(expected, Run(shape, query, y, positions, [(0, 70, 40), (70, rows, 40)], parallel));
        Assert.NotEqual(0, parallel.Calls);
        foreach (var row in new[] { 0, 69, 199 })
        {
            var (from, to) = (row * shape.Width, (row + 1) * shape.Width);
            Assert.Equal(expected[from..to], Run(shape, query[from..to], y[from..to], [positions[row]], [(0, 1, 40)], new SerialParallel()));
        }
    }

    [Fact]
    public void A_large_logit_neither_overflows_nor_hides_its_value()
    {
        var shape = new Shape(1, 1, 2, 0);
        using var arena = new WeightArena();
        var weights = AttentionPromptWeights.Pack(arena, 1, 1, 2, [0, 0, 500, 500], [1, 1, 2, 3], 0.5f);
        Assert.Equal([10 + 1, 20 + 1.5f], Run(shape, [500, 500], [10, 20], [0], [new AttentionPromptSegment(0, 1, weights)], new SerialParallel()));
    }

    [Fact]
    public void It_allocates_nothing()
    {
        using var arena = new WeightArena();
        var (query, y, positions) = Data(new Shape(4, 2, 24, 24), 3);
        AttentionPromptSegment[] segments = [new(0, 3, Weights(arena, new Shape(4, 2, 24, 24), 9))];
        using var queries = new GuardedBuffer<float>(query);
        using var output = new GuardedBuffer<float>(y);
        using var places = new GuardedBuffer<int>(positions);
        using var angles = new GuardedBuffer<float>(Angles(24));
        using var workspace = new GuardedBuffer<byte>(AttentionPrompt.WorkspaceBytes(1, 24, 9, 1));
        var call = new RotaryQueries
        {
            Query = queries.Pointer, Cos = angles.Pointer, Sin = angles.Pointer, Positions = places.Pointer, RotaryDims = 24, MaxPositions = Positions,
        };
        var parallel = new SerialParallel();
        AttentionPrompt.Add(call, output.Pointer, segments, workspace.Pointer, parallel);
        var before = GC.GetAllocatedBytesForCurrentThread();
        AttentionPrompt.Add(call, output.Pointer, segments, workspace.Pointer, parallel);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void What_does_not_fit_is_refused_before_anything_is_written()
    {
        var shape = new Shape(4, 2, 8, 8);
        using var arena = new WeightArena();
        var sound = Weights(arena, shape, 3);
        var (query, y, positions) = Data(shape, 2);
        AssertRefused("position must be in [0, 40), got 40", [positions[0], Positions], [new(0, 2, sound)]);
        AssertRefused("position must be in [0, 40), got -1", [-1, 0], [new(0, 2, sound)]);
        AssertRefused("row end must be in", positions, [new(1, 0, sound)]);
        AssertRefused("heads must be 4, got 2", positions, [new(0, 1, sound), new(1, 2, Weights(arena, new Shape(2, 2, 8, 8), 3))]);
        AssertRefused("head size must be 8, got 16", positions, [new(0, 1, sound), new(1, 2, Weights(arena, new Shape(4, 2, 16, 8), 3))]);

        void AssertRefused(string message, int[] places, AttentionPromptSegment[] segments)
        {
            var error = Assert.Throws<ArgumentException>(() => Run(shape, query, y, places, segments, new SerialParallel()));
            Assert.StartsWith("AttentionPrompt: " + message, error.Message, StringComparison.Ordinal);
        }
    }

    private static void AssertReference(Shape shape, (int Start, int End, int Count)[] rows, int rowCount)
    {
        var (query, y, positions) = Data(shape, rowCount);
        var actual = Run(shape, query, y, positions, rows, new SerialParallel());
        var expected = Array.ConvertAll(y, value => (double)value);
        var angles = Angles(shape.RotaryDims);
        var half = shape.RotaryDims / 2;
        foreach (var (start, end, count) in rows)
        {
            var (keys, values) = Tensors(shape, count);
            for (var row = start; row < end; row++)
            {
                var angle = angles.AsSpan(positions[row] * half, half);
                Reference.AttentionPrompt.Add(
                    query.AsSpan(row * shape.Width, shape.Width), expected.AsSpan(row * shape.Width, shape.Width), shape.Heads, shape.KvHeads, shape.HeadSize, keys, values, Gate(count), angle, angle);
            }
        }

        for (var i = 0; i < actual.Length; i++)
        {
            var isTouched = rows.Any(segment => i / shape.Width >= segment.Start && i / shape.Width < segment.End);
            var longest = rows.Max(segment => segment.Count);
            var tolerance = isTouched ? Tolerances.AttentionPrompt(shape.HeadSize, longest, Math.Sqrt(shape.HeadSize) * 2) : 0;
            Assert.True(Math.Abs(actual[i] - expected[i]) <= tolerance, $"{shape}, at {i}: expected {expected[i]}, got {actual[i]}, allowed {tolerance}");
        }
    }

    private static (float[] Query, float[] Y, int[] Positions) Data(Shape shape, int rows) => (
        RandomData.Floats(1, (long)rows * shape.Width), RandomData.Floats(2, (long)rows * shape.Width), [.. Enumerable.Range(0, rows).Select(row => row * 7 % Positions)]);

    private static (float[] Keys, float[] Values) Tensors(Shape shape, int count)
    {
        var elements = (long)count * shape.KvHeads * shape.HeadSize;
        return (RandomData.Floats(3 + count, elements), RandomData.Floats(4 + count, elements));
    }

    private static float Gate(int count) => count % 2 == 0 ? -0.75f : 0.5f;

    /// <summary>The same table serves as cosines and sines: the kernel must not care that it is no rotation.</summary>
    private static float[] Angles(int rotaryDims) => RandomData.Floats(5, (long)Positions * rotaryDims / 2);

    private static AttentionPromptWeights Weights(WeightArena arena, Shape shape, int count)
    {
        var (keys, values) = Tensors(shape, count);
        return AttentionPromptWeights.Pack(arena, shape.Heads, shape.KvHeads, shape.HeadSize, keys, values, Gate(count));
    }

    private static float[] Run(Shape shape, float[] query, float[] y, int[] positions, (int Start, int End, int Count)[] rows, IParallel parallel)
    {
        using var arena = new WeightArena();
        return Run(shape, query, y, positions, Array.ConvertAll(rows, r => new AttentionPromptSegment(r.Start, r.End, Weights(arena, shape, r.Count))), parallel);
    }

    private static float[] Run(Shape shape, float[] query, float[] y, int[] positions, AttentionPromptSegment[] segments, IParallel parallel)
    {
        using var queries = new GuardedBuffer<float>(query);
        using var output = new GuardedBuffer<float>(y);
        using var places = new GuardedBuffer<int>(positions);
        using var angles = new GuardedBuffer<float>(Angles(shape.RotaryDims));
        using var workspace = new GuardedBuffer<byte>(
            AttentionPrompt.WorkspaceBytes(segments.Length, shape.HeadSize, segments.Max(segment => segment.Weights.Count), parallel.Threads));
        workspace.Span.Fill(0xFF);
        var call = new RotaryQueries
        {
            Query = queries.Pointer, Cos = angles.Pointer, Sin = angles.Pointer, Positions = places.Pointer, RotaryDims = shape.RotaryDims, MaxPositions = Positions,
        };
        AttentionPrompt.Add(call, output.Pointer, segments, workspace.Pointer, parallel);
        return output.Span.ToArray();
    }

    private sealed record Shape(int Heads, int KvHeads, int HeadSize, int RotaryDims)
    {
        public int Width => Heads * HeadSize;
    }
}
