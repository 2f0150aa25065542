using System.Runtime.CompilerServices;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Sessions;
using AdapterServe.OnnxRuntime.Tests.Models;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.OnnxRuntime.Tests.CustomOps;

public sealed unsafe class CustomOpTests(OrtFixture ort)
{
    private bool _samePointer;

    [Fact]
    public void An_op_reads_its_input_and_writes_its_output()
    {
        using var session = ort.Session(OneNode("Twice"), new TestOp("Twice", 1, Twice));
        Assert.Equal(new float[] { 2, 4, 6, 8 }, ort.Run(session, [1, 2, 3, 4], 2, 2));
    }

    [Fact]
    public void A_kernel_reads_the_attributes_of_its_node_and_defaults_for_those_that_it_lacks()
    {
        var seen = new List<string>();
        var op = new TestOp("Twice", [TestOp.Float], info =>
        {
            seen.Add($"{info.GetInt64("count")} {info.GetSingle("scale")} {info.GetString("site")} {info.InputCount} {info.OutputCount} {info.NodeName}");
            seen.Add($"{info.GetInt64("absent", 5)} {info.GetSingle("absent", 0.5f)} {info.GetString("absent", "none")}");
            return Twice;
        });
        using var session = ort.Session(OneNode("Twice", ("count", 1L << 40), ("scale", 1.25f), ("site", "model.läyers.0")), op);
        Assert.Equal(["1099511627776 1.25 model.läyers.0 1 1 Twice.y", "5 0.5 none"], seen);
    }

    [Fact]
    public void A_missing_attribute_without_default_fails_the_session_with_its_name()
    {
        var op = new TestOp("Twice", [TestOp.Float], info => info.GetInt64("site") == 0 ? Twice : Twice);
        var error = Assert.Throws<OnnxRuntimeException>(() => ort.Session(OneNode("Twice"), op));
        Assert.Contains("site", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_exception_while_making_a_kernel_fails_the_session_with_its_message()
    {
        var op = new TestOp("Twice", [TestOp.Float], info => throw new InvalidOperationException("no kernel tödäy"));
        var error = Assert.Throws<OnnxRuntimeException>(() => ort.Session(OneNode("Twice"), op));
        Assert.Contains("no kernel tödäy", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_exception_in_compute_fails_the_run_with_its_message_and_the_next_run_succeeds()
    {
        var fail = true;
        var op = new TestOp("Twice", 1, (in KernelContext context) =>
        {
            if (fail)
            {
                throw new InvalidOperationException("site 7 is closed");
            }

            Twice(in context);
        });
        using var session = ort.Session(OneNode("Twice"), op);
        var error = Assert.Throws<OnnxRuntimeException>(() => ort.Run(session, [1], 1, 1));
        Assert.Contains("site 7 is closed", error.Message, StringComparison.Ordinal);
        fail = false;
        Assert.Equal(new float[] { 2 }, ort.Run(session, [1], 1, 1));
    }

    [Fact]
    public void An_output_shape_that_the_binding_does_not_have_fails_the_run()
    {
        var op = new TestOp("Twice", 1, (in KernelContext context) => context.Output(0, [-5]));
        using var session = ort.Session(OneNode("Twice"), op);
        Assert.Throws<OnnxRuntimeException>(() => ort.Run(session, [1], 1, 1));
    }

    [Theory]
    [InlineData(InPlace.FirstInput, "a", "b", true)]
    [InlineData(InPlace.SecondInput, "b", "a", true)]
    [InlineData(InPlace.Never, "a", "b", false)]
    [InlineData(InPlace.SecondInput, "a", "x", false)]
    public void The_output_takes_the_memory_of_the_input_named_when_nobody_else_reads_it(InPlace inPlace, string first, string second, bool expected)
    {
        var written = inPlace == InPlace.SecondInput ? 1 : 0;
        var op = new TestOp("Sum", 2, (in KernelContext context) => Sum(in context, written)) { InPlace = inPlace, OutputShapeInput = 0 };
        var model = new TestModel().Input("x", "T", 4)
            .Node("Abs", ["x"], ["a"]).Node("Neg", ["x"], ["b"])
            .CustomNode("Sum", [first, second], ["s"]).Node("Neg", ["s"], ["y"]).Output("y", "T", 4);
        using var session = ort.Session(model.ToArray(), op);
        var x = new float[] { 1, -2, 3, -4 };
        float Value(string name, float v) => name switch { "a" => Math.Abs(v), "b" => -v, _ => v };
        Assert.Equal(x.Select(v => -(Value(first, v) + Value(second, v))), ort.Run(session, x, 1, 4));
        Assert.Equal(expected, _samePointer);
    }

    [Fact]
    public void An_input_that_another_node_reads_too_is_not_written()
    {
        var op = new TestOp("Sum", 2, (in KernelContext context) => Sum(in context, 0)) { InPlace = InPlace.FirstInput, OutputShapeInput = 0 };
        var model = new TestModel().Input("x", "T", 2).Node("Abs", ["x"], ["a"])
            .CustomNode("Sum", ["a", "x"], ["s"]).Node("Mul", ["s", "a"], ["y"]).Output("y", "T", 2);
        using var session = ort.Session(model.ToArray(), op);
        Assert.Equal(new float[] { 2, 0 }, ort.Run(session, [1, -2], 1, 2));
        Assert.False(_samePointer);
    }

    [Fact]
    public void An_optional_input_may_be_absent()
    {
        var op = new TestOp("Maybe", [TestOp.Float, new OpParameter(ElementType.Float32, OpParameterKind.Optional)], info => Maybe) { OutputShapeInput = 0 };
        var without = new TestModel().Input("x", 1, 1).CustomNode("Maybe", ["x"], ["y"]).Output("y", 1, 1);
        var with = new TestModel().Input("x", 1, 1).CustomNode("Maybe", ["x", "x"], ["y"]).Output("y", 1, 1);
        using var first = ort.Session(without.ToArray(), op);
        using var second = ort.Session(with.ToArray(), op);
        Assert.Equal(new float[] { 0 }, ort.Run(first, [5], 1, 1));
        Assert.Equal(new float[] { 1 }, ort.Run(second, [5], 1, 1));

        static void Maybe(in KernelContext context) => *(float*)context.Output(0, [1, 1]) = context.HasInput(1) ? 1 : 0;
    }

    [Fact]
    public void Variadic_inputs_are_counted_at_the_run()
    {
        var op = new TestOp("Many", [new OpParameter(ElementType.Float32, OpParameterKind.Variadic)], info => Count) { OutputShapeInput = 0 };
        var model = new TestModel().Input("x", 1, 1).CustomNode("Many", ["x", "x", "x"], ["y"]).Output("y", 1, 1);
        using var session = ort.Session(model.ToArray(), op);
        Assert.Equal(new float[] { 3 }, ort.Run(session, [5], 1, 1));

        static void Count(in KernelContext context) => *(float*)context.Output(0, [1, 1]) = context.InputCount;
    }

    [Fact]
    public void An_op_of_any_type_sees_the_type_of_its_input()
    {
        var any = new OpParameter(ElementType.Any);
        var type = ElementType.Any;
        var op = new TestOp("Copy", [any], info => Copy, any) { OutputShapeInput = 0 };
        var model = new TestModel().Input("x", ElementType.Int64, 3).CustomNode("Copy", ["x"], ["c"]).Node("Cast", ["c"], ["y"], ("to", 1)).Output("y", 3);
        using var session = ort.Session(model.ToArray(), op);
        using var x = OrtValue.Allocate(ort.Environment, [3], ElementType.Int64);
        new long[] { 4, 5, 6 }.CopyTo(x.AsSpan<long>());
        using var y = session.Run([("x", x)], ["y"])[0];
        Assert.Equal(new float[] { 4, 5, 6 }, y.AsSpan<float>().ToArray());
        Assert.Equal(ElementType.Int64, type);

        void Copy(in KernelContext context)
        {
            type = context.InputType(0);
            var bytes = context.InputBytes(0);
            Unsafe.CopyBlock(context.Output(0, [bytes / 8]), context.InputData(0), (uint)bytes);
        }
    }

    [Fact]
    public void A_shape_with_more_dimensions_than_the_kernel_has_room_for_fails_the_run()
    {
        var op = new TestOp("Twice", 1, (in KernelContext context) => context.InputShape(0, stackalloc long[1]));
        using var session = ort.Session(OneNode("Twice"), op);
        Assert.Contains("2 dimensions", Assert.Throws<OnnxRuntimeException>(() => ort.Run(session, [1], 1, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_kernel_is_disposed_with_its_session()
    {
        var op = new TestOp("Twice", 1, Twice);
        var model = new TestModel().Input("x", 1, 1).CustomNode("Twice", ["x"], ["a"]).CustomNode("Twice", ["a"], ["y"]).Output("y", 1, 1).ToArray();
        var first = ort.Session(model, op);
        var second = ort.Session(model, op);
        Assert.Equal(4, op.LiveKernels);
        first.Dispose();
        Assert.Equal(2, op.LiveKernels);
        Assert.Equal(new float[] { 4 }, ort.Run(second, [1], 1, 1));
        second.Dispose();
        Assert.Equal(0, op.LiveKernels);
    }

    [Fact]
    public void A_session_that_is_disposed_during_a_run_ends_after_it()
    {
        OrtSession? session = null;
        var liveInRun = 0;
        TestOp? op = null;
        op = new TestOp("Twice", 1, (in KernelContext context) =>
        {
            session!.Dispose();
            liveInRun = op!.LiveKernels;
            Twice(in context);
        });
        session = ort.Session(OneNode("Twice"), op);
        Assert.Equal(new float[] { 6 }, ort.Run(session, [3], 1, 1));
        Assert.Equal(1, liveInRun);
        Assert.Equal(0, op.LiveKernels);
    }

    [Fact]
    public void Running_ops_allocates_no_managed_memory()
    {
        using var session = ort.Session(OneNode("Twice"), new TestOp("Twice", 1, Twice));
        using var binding = new OrtIoBinding(session);
        using var x = new TensorSlot(ort.Environment.CpuMemory, "x", ElementType.Float32, 64);
        using var y = new TensorSlot(ort.Environment.CpuMemory, "y", ElementType.Float32, 64);
        x.Resize([2, 8]);
        y.Resize([2, 8]);
        x.BindAsInput(binding);
        y.BindAsOutput(binding);
        session.RunWithBinding(binding);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            session.RunWithBinding(binding);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_domain_refuses_a_second_op_of_a_name()
    {
        using var domain = new CustomOpDomain(ort.Environment, "twice");
        domain.Add(new TestOp("Twice", 1, Twice));
        Assert.Throws<InvalidOperationException>(() => domain.Add(new TestOp("Twice", 1, Twice)));
        domain.Dispose();
        Assert.Throws<ObjectDisposedException>(() => domain.Add(new TestOp("Other", 1, Twice)));
    }

    private static byte[] OneNode(string type, params (string Name, object Value)[] attributes) =>
        new TestModel().Input("x", "T", "H").CustomNode(type, ["x"], ["y"], attributes).Output("y", "T", "H").ToArray();

    private static void Twice(in KernelContext context)
    {
        Span<long> shape = stackalloc long[8];
        shape = shape[..context.InputShape(0, shape)];
        var input = (float*)context.InputData(0);
        var output = (float*)context.Output(0, shape);
        for (var i = 0; i < TensorSize.Elements(shape); i++)
        {
            output[i] = 2 * input[i];
        }
    }

    private void Sum(in KernelContext context, int inPlaceInput)
    {
        Span<long> shape = stackalloc long[8];
        shape = shape[..context.InputShape(0, shape)];
        var a = (float*)context.InputData(0);
        var b = (float*)context.InputData(1);
        var output = (float*)context.Output(0, shape);
        _samePointer = output == (inPlaceInput == 0 ? a : b);
        for (var i = 0; i < TensorSize.Elements(shape); i++)
        {
            output[i] = a[i] + b[i];
        }
    }
}
