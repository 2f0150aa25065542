using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

/// <summary>
/// A batch whose rows name their bottlenecks; -1 names none. Rows of one bottleneck are one sequence. Every buffer ends at a guard page.
/// </summary>
internal sealed unsafe class BottleneckCase : IDisposable
{
    private readonly WeightArena _arena = new();
    private readonly int _inFeatures;
    private readonly int _outFeatures;
    private readonly BottleneckParts[] _parts;
    private readonly BottleneckWeights[] _weights;
    private readonly int[] _adapterOfRow;

    public BottleneckCase(int inFeatures, int outFeatures, BottleneckParts[] parts, int[] adapterOfRow)
    {
        (_inFeatures, _outFeatures, _parts, _adapterOfRow) = (inFeatures, outFeatures, parts, adapterOfRow);
        _weights = Array.ConvertAll(parts, part => BottleneckWeights.Pack(_arena, inFeatures, outFeatures, part));
        X = RandomData.Floats(1, (long)adapterOfRow.Length * inFeatures);
        Normed = RandomData.Floats(2, (long)adapterOfRow.Length * inFeatures);
        Y = RandomData.Floats(3, (long)adapterOfRow.Length * outFeatures);
    }

    public float[] X { get; }

    public float[] Normed { get; }

    public float[] Y { get; }

    public float[] Run(IParallel? parallel = null) => Run(0, _adapterOfRow.Length, parallel ?? new SerialParallel(), NewStates());

    /// <summary>The rows in steps of their own, each sequence going on from its state.</summary>
    public float[] RunInSteps(params int[] ends)
    {
        var states = NewStates();
        var (result, start) = (new List<float>(), 0);
        foreach (var end in ends)
        {
            result.AddRange(Run(start, end, new SerialParallel(), states));
            start = end;
        }

        return [.. result];
    }

    public float[] RunRowAlone(int row) => Run(row, row + 1, new SerialParallel(), NewStates());

    public void AssertCloseToReference(float[] actual)
    {
        foreach (var adapter in Enumerable.Range(-1, _parts.Length + 1))
        {
            var rows = Enumerable.Range(0, _adapterOfRow.Length).Where(row => _adapterOfRow[row] == adapter).ToArray();
            var y = Array.ConvertAll(rows, row => Doubles(Y, row, _outFeatures));
            var tolerance = 0.0;
            if (adapter >= 0)
            {
                var h = Array.ConvertAll(rows, row => Source(_parts[adapter].Input, row));
                tolerance = BottleneckBound.Of(_parts[adapter], h, y);
                Reference.Bottleneck.Add(_parts[adapter], h, y);
            }

            for (var i = 0; i < rows.Length; i++)
            {
                for (var o = 0; o < _outFeatures; o++)
                {
                    var got = actual[(rows[i] * _outFeatures) + o];
                    Assert.True(Math.Abs(got - y[i][o]) <= tolerance, $"adapter {adapter}, row {rows[i]}, output {o}: expected {y[i][o]}, got {got}, allowed {tolerance}");
                }
            }
        }
    }

    public void Dispose() => _arena.Dispose();

    private static double[] Doubles(float[] values, int row, int width) => Array.ConvertAll(values[(row * width)..((row + 1) * width)], value => (double)value);

    private double[] Source(BottleneckInput input, int row) => input switch
    {
        BottleneckInput.Input => Doubles(X, row, _inFeatures),
        BottleneckInput.Normed => Doubles(Normed, row, _inFeatures),
        BottleneckInput.Output => Doubles(Y, row, _outFeatures),
        _ => [.. Doubles(X, row, _inFeatures).Zip(Doubles(Y, row, _outFeatures), (x, y) => x + y)],
    };

    private GuardedBuffer<byte>[] NewStates() => [.. _parts.Select(_ => new GuardedBuffer<byte>(_arena.StateBytes))];

    private float[] Run(int start, int end, IParallel parallel, GuardedBuffer<byte>[] states)
    {
        var segments = new List<BottleneckSegment>();
        var sequences = new List<SequenceRows>();
        for (var row = start; row < end;)
        {
            var adapter = _adapterOfRow[row];
            var next = row + 1;
            while (next < end && _adapterOfRow[next] == adapter)
            {
                next++;
            }

            if (adapter >= 0)
            {
                segments.Add(new BottleneckSegment(row - start, next - start, _weights[adapter], sequences.Count, 1));
                sequences.Add(new SequenceRows(row - start, next - start, states[adapter].Pointer));
            }

            row = next;
        }

        using var x = new GuardedBuffer<float>(X.AsSpan(start * _inFeatures, (end - start) * _inFeatures));
        using var normed = new GuardedBuffer<float>(Normed.AsSpan(start * _inFeatures, (end - start) * _inFeatures));
        using var y = new GuardedBuffer<float>(Y.AsSpan(start * _outFeatures, (end - start) * _outFeatures));
        using var workspace = new GuardedBuffer<byte>(Bottleneck.WorkspaceBytes([.. segments]));
        workspace.Span.Fill(0xFF);
        var operands = new BottleneckOperands { X = x.Pointer, Normed = normed.Pointer, Y = y.Pointer, InFeatures = _inFeatures, OutFeatures = _outFeatures };
        Bottleneck.Add(operands, [.. segments], [.. sequences], workspace.Pointer, parallel);
        return y.Span.ToArray();
    }
}
