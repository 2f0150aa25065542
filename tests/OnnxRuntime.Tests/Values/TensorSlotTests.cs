using AdapterServe.OnnxRuntime.Tests.Models;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.OnnxRuntime.Tests.Values;

public sealed unsafe class TensorSlotTests(OrtFixture ort)
{
    private const int MaxRows = 5;

    [Fact]
    public void A_binding_follows_a_shape_that_changes_from_run_to_run()
    {
        using var session = ort.Session(Model());
        using var binding = new OrtIoBinding(session);
        using var x = new TensorSlot(ort.Environment.CpuMemory, "x", ElementType.Float32, MaxRows * 3 * 4);
        using var y = new TensorSlot(ort.Environment.CpuMemory, "y", ElementType.Float32, MaxRows * 2 * 4);
        foreach (var rows in new[] { 1, 4, 2, MaxRows, 1, 0 })
        {
            x.Resize([rows, 3]);
            y.Resize([rows, 2]);
            x.AsSpan<float>(MaxRows * 3).Fill(rows);
            y.AsSpan<float>(MaxRows * 2).Fill(-1);
            x.BindAsInput(binding);
            y.BindAsOutput(binding);
            session.RunWithBinding(binding);
            for (var i = 0; i < MaxRows; i++)
            {
                Assert.Equal(i < rows ? 9 * rows : -1, y.AsSpan<float>(MaxRows * 2)[i * 2]);
                Assert.Equal(i < rows ? 12 * rows : -1, y.AsSpan<float>(MaxRows * 2)[(i * 2) + 1]);
            }
        }
    }

    [Fact]
    public void Resizing_binding_and_running_allocate_no_managed_memory()
    {
        using var session = ort.Session(Model());
        using var binding = new OrtIoBinding(session);
        using var x = new TensorSlot(ort.Environment.CpuMemory, "x", ElementType.Float32, MaxRows * 3 * 4);
        using var y = new TensorSlot(ort.Environment.CpuMemory, "y", ElementType.Float32, MaxRows * 2 * 4);
        void Step(int rows)
        {
            x.Resize([rows, 3]);
            y.Resize([rows, 2]);
            x.BindAsInput(binding);
            y.BindAsOutput(binding);
            session.RunWithBinding(binding);
        }

        Step(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Step((i % MaxRows) + 1);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_slot_over_the_callers_memory_reads_and_writes_there_and_can_move()
    {
        using var session = ort.Session(Model());
        using var binding = new OrtIoBinding(session);
        var memory = stackalloc float[8] { 1, 1, 1, 2, 2, 2, 0, 0 };
        using var x = TensorSlot.Over(ort.Environment.CpuMemory, "x", ElementType.Float32, memory, 12);
        using var y = TensorSlot.Over(ort.Environment.CpuMemory, "y", ElementType.Float32, memory + 6, 8);
        for (var i = 0; i < 2; i++)
        {
            x.Attach(memory + (3 * i), 12);
            x.Resize([1, 3]);
            y.Resize([1, 2]);
            x.BindAsInput(binding);
            y.BindAsOutput(binding);
            session.RunWithBinding(binding);
            Assert.Equal(9 * (i + 1), memory[6]);
            Assert.Equal(12 * (i + 1), memory[7]);
        }
    }

    [Fact]
    public void A_shape_beyond_the_capacity_or_with_a_negative_or_overflowing_size_is_refused()
    {
        using var slot = new TensorSlot(ort.Environment.CpuMemory, "x", ElementType.Float32, 16);
        slot.Resize([4]);
        Assert.Throws<ArgumentException>(() => slot.Resize([5]));
        Assert.Throws<ArgumentException>(() => slot.Resize([-1]));
        Assert.Throws<ArgumentException>(() => slot.Resize([-2, -2]));
        Assert.Throws<ArgumentException>(() => slot.Resize([long.MaxValue, long.MaxValue]));
        Assert.Throws<ArgumentException>(() => slot.Resize([1L << 62, 4]));
    }

    [Fact]
    public void A_slot_without_a_shape_or_with_an_unknown_name_cannot_be_bound()
    {
        using var session = ort.Session(Model());
        using var binding = new OrtIoBinding(session);
        using var slot = new TensorSlot(ort.Environment.CpuMemory, "unknown", ElementType.Float32, 12);
        Assert.Throws<InvalidOperationException>(() => slot.BindAsInput(binding));
        slot.Resize([1, 3]);
        Assert.Throws<OnnxRuntimeException>(() => slot.BindAsInput(binding));
    }

    [Fact]
    public void An_output_of_the_wrong_shape_fails_the_run()
    {
        using var session = ort.Session(Model());
        using var binding = new OrtIoBinding(session);
        using var x = new TensorSlot(ort.Environment.CpuMemory, "x", ElementType.Float32, 24);
        using var y = new TensorSlot(ort.Environment.CpuMemory, "y", ElementType.Float32, 16);
        x.Resize([2, 3]);
        y.Resize([1, 2]);
        x.BindAsInput(binding);
        y.BindAsOutput(binding);
        Assert.Throws<OnnxRuntimeException>(() => session.RunWithBinding(binding));
    }

    [Fact]
    public void A_disposed_slot_may_be_disposed_again_and_refuses_all_else()
    {
        var slot = new TensorSlot(ort.Environment.CpuMemory, "x", ElementType.Float32, 16);
        slot.Dispose();
        slot.Dispose();
        Assert.Throws<ObjectDisposedException>(() => slot.Resize([1]));
        Assert.Throws<ObjectDisposedException>(() => slot.AsSpan<float>(1));
    }

    [Fact]
    public void A_value_says_its_shape_and_type_and_refuses_spans_of_another_element_size()
    {
        using var value = OrtValue.Allocate(ort.Environment, [2, 3], ElementType.Int64);
        Assert.Equal(new long[] { 2, 3 }, value.Shape);
        Assert.Equal(ElementType.Int64, value.ElementType);
        Assert.Equal(6, value.AsSpan<long>().Length);
        Assert.Throws<ArgumentException>(() => value.AsSpan<int>());
    }

    [Theory]
    [InlineData(ElementType.Int4, 3)]
    [InlineData(ElementType.Bool, 5)]
    [InlineData(ElementType.BFloat16, 10)]
    [InlineData(ElementType.Float32, 20)]
    [InlineData(ElementType.Float64, 40)]
    public void Five_elements_take_the_bytes_of_their_type(ElementType type, long bytes) => Assert.Equal(bytes, TensorSize.Bytes(type, [5]));

    private static byte[] Model() => new TestModel()
        .Input("x", "T", 3).Initializer("w", [1, 2, 3, 4, 5, 6], 3, 2).Node("MatMul", ["x", "w"], ["y"]).Output("y", "T", 2).ToArray();
}
