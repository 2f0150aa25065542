using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.CustomOps.Forms;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.Tests.CustomOps;

/// <summary>Low-rank forms that the base's product adds itself.</summary>
public sealed unsafe class TakenLowRankTests : IDisposable
{
    private const int Width = 16;
    private const int Rows = 8;
    private readonly WeightArena _arena = new();
    private readonly Workspace _workspace = new();
    private readonly StepAdapterBatch _batch = new(maxSequences: 4, maxRows: Rows);
    private readonly SiteForms _forms;
    private readonly float[] _x = [.. Enumerable.Range(1, Rows * Width).Select(i => i / 64f)];

    public TakenLowRankTests() => _forms = new SiteForms(sites: 1, maxSegments: 4, _workspace, _batch);

    public void Dispose()
    {
        _batch.Dispose();
        _workspace.Dispose();
        _arena.Dispose();
    }

    [Fact]
    public void What_a_product_took_is_left_out_behind_it_once()
    {
        AdapterSegment[] segments = [new(1, 6, With(LowRank(1), LowRank(2), Scale()))];
        var expected = Applied(new float[Rows * Width], segments);
        var y = new float[Rows * Width];
        Add(y, _forms.TakeLowRank(0, segments));
        Assert.NotEqual(new float[Rows * Width], y);
        Assert.Equal(expected, Applied(y, segments));
        Assert.Equal(expected, Applied(new float[Rows * Width], segments));
    }

    [Fact]
    public void What_a_product_that_failed_took_is_added_by_the_next_step()
    {
        AdapterSegment[] segments = [new(1, 6, With(LowRank(1)))];
        var expected = Applied(new float[Rows * Width], segments);
        Assert.Equal(1, _forms.TakeLowRank(0, segments).Length);
        Assert.Equal(0, _forms.TakeLowRank(0, []).Length);
        Assert.Equal(expected, Applied(new float[Rows * Width], segments));
    }

    [Fact]
    public void A_product_takes_nothing_where_another_form_acts_before()
    {
        var dense = DenseWeights.Pack(_arena, Width, Width, new float[Width * Width], DenseMode.Add, WeightType.F32);
        Assert.Equal(0, _forms.TakeLowRank(0, [new(0, 4, With(LowRank(1))), new(4, 8, With(dense))]).Length);
        Assert.Equal(2, _forms.TakeLowRank(0, [new(0, 4, With(LowRank(1))), new(4, 8, With(LowRank(2), Scale()))]).Length);
    }

    private LowRankWeights LowRank(float value) => LowRankWeights.Pack(
        _arena, 1, Width, Width, [.. Enumerable.Repeat(value, Width)], [.. Enumerable.Range(0, Width).Select(i => (float)i)], 0.5f, WeightType.F32);

    private VectorWeights Scale() => VectorWeights.Pack(_arena, FormKind.OutputScale, Width, Width, [.. Enumerable.Repeat(3f, Width)]);

    private static AdapterWeights With(params FormWeights[] forms) => new("sha256:0", [forms], new WeightArena());

    private void Add(float[] y, ReadOnlySpan<LowRankSegment> segments)
    {
        var memory = new byte[1 << 14];
        fixed (float* x = _x, output = y)
        fixed (byte* workspace = memory)
        {
            Kernels.Cpu.LowRank.Add(x, Width, output, Width, segments, workspace, new SerialParallel());
        }
    }

    private float[] Applied(float[] y, AdapterSegment[] segments)
    {
        float[] result = [.. y];
        fixed (float* x = _x, output = result)
        {
            _forms.ApplyToOutput(0, segments, new SiteOperands { X = x, Y = output }, new SerialParallel());
        }

        return result;
    }
}
