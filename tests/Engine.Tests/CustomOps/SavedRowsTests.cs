using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.CustomOps;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.Tests.CustomOps;

public sealed unsafe class SavedRowsTests : IDisposable
{
    private const int Width = 5;
    private const int Site = 1;
    private readonly WeightArena _arena = new();
    private readonly SavedRows _saved = new(maxSegments: 4);
    private readonly float[] _x = [.. Enumerable.Range(0, 8 * Width).Select(i => (float)i)];

    public void Dispose()
    {
        _saved.Dispose();
        _arena.Dispose();
    }

    [Fact]
    public void Rows_whose_adapters_change_the_input_come_back_and_no_others()
    {
        var changed = With(FormKind.InputScale);
        Change([new(0, 2, changed), new(3, 4, With(FormKind.OutputScale)), new(4, 7, changed)]);
        Assert.Equal([0, 1, 4, 5, 6], RestoredRows());
        Assert.Empty(RestoredRows());
    }

    [Fact]
    public void The_next_reader_saves_other_rows()
    {
        Change([new(0, 8, With(FormKind.InputScale))]);
        Change([new(2, 3, With(FormKind.InputScale))]);
        Assert.Equal([2], RestoredRows());
    }

    [Fact]
    public void What_a_failed_run_left_is_forgotten()
    {
        Change([new(0, 8, With(FormKind.InputScale))]);
        _saved.Clear();
        Assert.Empty(RestoredRows());
    }

    private AdapterWeights With(FormKind form)
    {
        var bySite = new FormWeights[]?[2];
        bySite[Site] = [VectorWeights.Pack(_arena, form, Width, Width, new float[Width])];
        return new AdapterWeights("sha256:0", bySite, new WeightArena());
    }

    private void Change(AdapterSegment[] segments)
    {
        fixed (float* x = _x)
        {
            _saved.Save(x, Width, Site, segments);
        }
    }

    /// <summary>The rows of a buffer of NaN that hold x afterwards.</summary>
    private int[] RestoredRows()
    {
        var buffer = new float[_x.Length];
        Array.Fill(buffer, float.NaN);
        fixed (float* x = buffer)
        {
            _saved.Restore(x);
        }

        int[] rows = [.. Enumerable.Range(0, 8).Where(row => buffer.AsSpan(row * Width, Width).SequenceEqual(_x.AsSpan(row * Width, Width)))];
        Assert.Equal((8 - rows.Length) * Width, buffer.Count(float.IsNaN));
        return rows;
    }
}
