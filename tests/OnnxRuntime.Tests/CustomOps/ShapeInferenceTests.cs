using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Tests.Models;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.OnnxRuntime.Tests.CustomOps;

public sealed unsafe class ShapeInferenceTests(OrtFixture ort)
{
    private readonly List<Dimension[]> _seen = [];

    [Fact]
    public void An_inferred_shape_reaches_the_next_node_with_names_and_sizes()
    {
        var first = Op("First", shapes =>
        {
            Assert.True(shapes.TryGetInput(0, out var shape));
            Assert.Equal(ElementType.Float32, shapes.InputType(0));
            shapes.SetOutput(0, [shape[0], Dimension.Of(8), Dimension.Named("more")]);
        });
        using var session = ort.Session(Chain("First", "Second"), first, Observer("Second"));
        Assert.All(_seen, shape => Assert.Equal([Dimension.Named("T"), Dimension.Of(8), Dimension.Named("more")], shape));
        Assert.NotEmpty(_seen);
    }

    [Fact]
    public void Unknown_dimensions_get_names_that_no_other_dimension_has()
    {
        var first = Op("First", shapes => shapes.SetOutput(0, [Dimension.Unknown, Dimension.Unknown]));
        using var session = ort.Session(Chain("First", "Second"), first, Observer("Second"));
        Assert.All(_seen, shape => Assert.NotEqual(shape[0], shape[1]));
        Assert.NotEmpty(_seen);
    }

    [Fact]
    public void An_op_without_inference_leaves_the_next_node_without_a_shape()
    {
        using var session = ort.Session(Chain("First", "Second"), new TestOp("First", 1, Nothing), Observer("Second"));
        Assert.All(_seen, Assert.Empty);
        Assert.NotEmpty(_seen);
    }

    [Fact]
    public void An_exception_of_an_inference_fails_the_session_as_it_was_thrown()
    {
        var failing = Op("First", shapes => throw new NotSupportedException("no such shape"));
        var error = Assert.Throws<NotSupportedException>(() => ort.Session(Chain("First", "Second"), failing, Observer("Second")));
        Assert.Equal("no such shape", error.Message);
    }

    [Fact]
    public void A_shape_for_an_output_that_does_not_exist_fails_the_session()
    {
        var failing = Op("First", shapes => shapes.SetOutput(3, [Dimension.Of(1)]));
        Assert.Throws<OnnxRuntimeException>(() => ort.Session(Chain("First", "Second"), failing, Observer("Second")));
    }

    [Fact]
    public void An_inference_reads_the_attributes_of_its_node()
    {
        var first = Op("First", shapes => shapes.SetOutput(0, [Dimension.Of(shapes.GetInt64("width"))]));
        var model = new TestModel().Input("x", "T", 4)
            .CustomNode("First", ["x"], ["a"], ("width", 1L << 40)).CustomNode("Second", ["a"], ["y"]).Output("y", "T", 4).ToArray();
        using var session = ort.Session(model, first, Observer("Second"));
        Assert.All(_seen, shape => Assert.Equal([Dimension.Of(1L << 40)], shape));
        Assert.NotEmpty(_seen);
    }

    [Fact]
    public void An_inference_that_asks_for_an_attribute_that_the_node_lacks_fails_the_session()
    {
        var failing = Op("First", shapes => shapes.SetOutput(0, [Dimension.Of(shapes.GetInt64("width"))]));
        var error = Assert.Throws<OnnxRuntimeException>(() => ort.Session(Chain("First", "Second"), failing, Observer("Second")));
        Assert.Contains("Attribute", error.Message, StringComparison.Ordinal);
    }

    private static TestOp Op(string name, Action<ShapeInference> infer) => new(name, [TestOp.Float], info => Nothing) { Infer = infer };

    private static void Nothing(in KernelContext context)
    {
    }

    private TestOp Observer(string name) => Op(name, shapes =>
    {
        shapes.TryGetInput(0, out var shape);
        _seen.Add(shape);
    });

    private static byte[] Chain(string first, string second) => new TestModel().Input("x", "T", 4)
        .CustomNode(first, ["x"], ["a"]).CustomNode(second, ["a"], ["y"]).Output("y").ToArray();
}
