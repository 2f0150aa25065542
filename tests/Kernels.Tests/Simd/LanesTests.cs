using System.Runtime.Intrinsics.X86;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Tests.Support;

namespace AdapterServe.Kernels.Tests.Simd;

/// <summary>Every implementation of the lanes that this process can run, against plain arithmetic.</summary>
public sealed unsafe class LanesTests
{
    [Fact]
    public void Scalar_lanes_do_what_the_interface_says() => CheckAll<LanesScalar>();

    [Fact]
    public void Portable_vector_lanes_do_what_the_interface_says() => CheckAll<Lanes128>();

    [Fact]
    public void Avx2_lanes_do_what_the_interface_says() => CheckIf<Lanes256>(Avx2.IsSupported && Fma.IsSupported);

    [Fact]
    public void Avx512_lanes_do_what_the_interface_says() => CheckIf<Lanes512>(Avx512F.IsSupported);

    [Fact]
    public void Avx2_and_avx512_lanes_agree_on_every_bit()
    {
        Assert.True(Avx2.IsSupported || !Avx512F.IsSupported);
        if (!Avx512F.IsSupported)
        {
            return;
        }

        var values = RandomData.Floats(8, 64, 30);
        Assert.Equal(Exps<Lanes256>(values), Exps<Lanes512>(values));
        fixed (float* p = values)
        {
            Assert.Equal(Lanes256.Sum(Lanes256.Load(p)), Lanes512.Sum(Lanes512.Load(p)));
        }
    }

    private static void CheckIf<TLanes>(bool supported)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        Assert.Equal(supported, SimdSupport.Path >= (typeof(TLanes) == typeof(Lanes512) ? SimdPath.Avx512 : SimdPath.Avx2));
        if (supported)
        {
            CheckAll<TLanes>();
        }
    }

    private static void CheckAll<TLanes>()
        where TLanes : unmanaged, ILanes<TLanes>
    {
        CheckArithmetic<TLanes>();
        CheckReductions<TLanes>();
        CheckTransposition<TLanes>();
        CheckFunctions<TLanes>();
    }

    private static void CheckArithmetic<TLanes>()
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var a = RandomData.Floats(1, 16);
        var b = RandomData.Floats(2, 16);
        a[3] = float.NaN;
        b[5] = float.NaN;
        Assert.Equal(Zip(a, b, (x, y) => x + y), Lanes<TLanes>(a, b, TLanes.Add));
        Assert.Equal(Zip(a, b, (x, y) => x - y), Lanes<TLanes>(a, b, TLanes.Subtract));
        Assert.Equal(Zip(a, b, (x, y) => x * y), Lanes<TLanes>(a, b, TLanes.Multiply));
        Assert.Equal(Zip(a, b, (x, y) => x / y), Lanes<TLanes>(a, b, TLanes.Divide));
        Assert.Equal(Zip(a, b, (x, y) => x > y ? x : y), Lanes<TLanes>(a, b, TLanes.Max));
        Assert.Equal(Zip(a, b, (x, y) => x < y ? x : y), Lanes<TLanes>(a, b, TLanes.Min));
        var sums = Lanes<TLanes>(a, b, (x, y) => TLanes.MultiplyAdd(x, y, TLanes.Broadcast(2)));
        for (var i = 0; i < 16; i++)
        {
            Assert.Equal((a[i] * (double)b[i]) + 2, sums[i], 1e-6);
        }

        foreach (var bits in new ushort[] { 0, 0xFFFF, 1, 0x8000, 0xA3C5 })
        {
            Assert.Equal(Enumerable.Range(0, 16).Select(i => (float)((bits >> i) & 1)), Stored(TLanes.FromBits(bits)));
        }

        foreach (var bits in new ushort[] { 0, 0xFFFF, 1, 0x8000, 0xA3C5 })
        {
            Assert.Equal(Enumerable.Range(0, 16).Select(i => ((bits >> i) & 1) != 0 ? 1f : -1f), Stored(TLanes.SignsFromBits(bits)));
        }

        sbyte[] bytes = [-128, -127, -1, 0, 1, 127, 126, 5, -5, 64, -64, 33, 2, -2, 100, -100];
        fixed (sbyte* source = bytes)
        {
            Assert.Equal(Array.ConvertAll(bytes, value => (float)value), Stored(TLanes.LoadInt8(source)));
        }

        var halves = RandomData.ToBF16(a);
        fixed (ushort* source = halves)
        {
            Assert.Equal(RandomData.FromBF16(halves), Stored(TLanes.LoadBF16(source)));
        }
    }

    private static void CheckReductions<TLanes>()
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var values = RandomData.Floats(6, 16);
        var tree = (float[])values.Clone();
        for (var half = 8; half > 0; half /= 2)
        {
            for (var i = 0; i < half; i++)
            {
                tree[i] += tree[i + half];
            }
        }

        fixed (float* p = values)
        {
            Assert.Equal(tree[0], TLanes.Sum(TLanes.Load(p)));
            Assert.Equal(values.Max(), TLanes.Largest(TLanes.Load(p)));
        }
    }

    private static void CheckTransposition<TLanes>()
        where TLanes : unmanaged, ILanes<TLanes>
    {
        const int stride = 19;
        using var source = new GuardedBuffer<float>(RandomData.Floats(7, (15 * stride) + 16));
        using var target = new GuardedBuffer<float>(256);
        TLanes.Transpose(source.Pointer, stride, target.Pointer);
        for (var i = 0; i < 256; i++)
        {
            Assert.Equal(source.Span[(i % 16 * stride) + (i / 16)], target.Span[i]);
        }
    }

    private static void CheckFunctions<TLanes>()
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var inputs = (float[])[.. RandomData.Floats(3, 4000, 87.3f), .. RandomData.Floats(4, 4000, 1e-3f), 0, -0f, 88.3f, -87.3f, .. new float[12]];
        var exps = Exps<TLanes>(inputs);
        for (var i = 0; i < inputs.Length; i++)
        {
            var expected = Math.Exp(inputs[i]);
            Assert.True(Math.Abs(exps[i] - expected) <= Tolerances.ExpUlps * (MathF.BitIncrement((float)expected) - (float)expected), $"exp {inputs[i]}: {exps[i]}");
        }

        Assert.Equal([1f], Exps<TLanes>(new float[16]).Distinct());
        Assert.All(Exps<TLanes>(Enumerable.Repeat(float.NegativeInfinity, 16).ToArray()), value => Assert.InRange(value, 0, 2e-38f));
        var tanhs = Map<TLanes>(inputs, VectorMath.Tanh);
        for (var i = 0; i < inputs.Length; i++)
        {
            Assert.Equal(Math.Tanh(inputs[i]), tanhs[i], Tolerances.Tanh);
        }

        var magnitudes = Array.ConvertAll(inputs, MathF.Abs);
        var erfcs = Map<TLanes>(magnitudes, VectorMath.Erfc);
        for (var i = 0; i < inputs.Length; i++)
        {
            Assert.Equal(1 - Reference.Bottleneck.Erf(magnitudes[i]), erfcs[i], Tolerances.Erfc);
        }
    }

    private static float[] Exps<TLanes>(float[] values)
        where TLanes : unmanaged, ILanes<TLanes> => Map<TLanes>(values, VectorMath.Exp);

    private static float[] Map<TLanes>(float[] values, Func<TLanes, TLanes> function)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var results = new List<float>();
        fixed (float* p = values)
        {
            for (var i = 0; i + 16 <= values.Length; i += 16)
            {
                results.AddRange(Stored(function(TLanes.Load(p + i))));
            }
        }

        Assert.Equal(values.Length, results.Count);
        return [.. results];
    }

    private static float[] Lanes<TLanes>(float[] a, float[] b, Func<TLanes, TLanes, TLanes> function)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (float* first = a, second = b)
        {
            return Stored(function(TLanes.Load(first), TLanes.Load(second)));
        }
    }

    private static float[] Stored<TLanes>(TLanes lanes)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var result = new float[16];
        fixed (float* p = result)
        {
            TLanes.Store(lanes, p);
        }

        return result;
    }

    private static float[] Zip(float[] a, float[] b, Func<float, float, float> function) => a.Zip(b, function).ToArray();
}
