using AdapterServe.OnnxRuntime.Sessions;
using AdapterServe.OnnxRuntime.Tests.Models;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.OnnxRuntime.Tests.Sessions;

public sealed class OrtSessionTests(OrtFixture ort)
{
    private static readonly float[] Weight = [1, 2, 3, 4, 5, 6];

    [Fact]
    public void A_matrix_product_of_an_inline_weight_has_the_values_computed_by_hand()
    {
        var model = new TestModel().Input("x", "T", 3).Initializer("w", Weight, 3, 2).Node("MatMul", ["x", "w"], ["y"]).Output("y", "T", 2);
        using var session = ort.Session(model.ToArray());
        Assert.Equal(new float[] { 22, 28, 49, 64 }, ort.Run(session, [1, 2, 3, 4, 5, 6], 2, 3));
    }

    [Fact]
    public void The_same_weights_give_the_same_product_as_Gemm_with_a_transposed_weight()
    {
        var model = new TestModel().Input("x", "T", 3).Initializer("w", [1, 3, 5, 2, 4, 6], 2, 3)
            .Node("Gemm", ["x", "w"], ["y"], ("transB", 1)).Output("y", "T", 2);
        using var session = ort.Session(model.ToArray());
        Assert.Equal(new float[] { 22, 28, 49, 64 }, ort.Run(session, [1, 2, 3, 4, 5, 6], 2, 3));
    }

    [Fact]
    public void Names_of_inputs_and_outputs_are_the_models_own_in_its_order()
    {
        var model = new TestModel().Input("x", 1).Input("größe", 1).Node("Add", ["x", "größe"], ["y"]).Output("y", 1);
        using var session = ort.Session(model.ToArray());
        Assert.Equal(["x", "größe"], session.InputNames);
        Assert.Equal(["y"], session.OutputNames);
    }

    [Fact]
    public void A_model_is_read_from_a_file()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, Identity().ToArray());
            using var options = new OrtSessionOptions(ort.Environment);
            using var session = OrtSession.FromFile(ort.Environment, path, options);
            Assert.Equal(new float[] { 7 }, ort.Run(session, [7], 1));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_file_that_does_not_exist_is_an_error_that_names_it()
    {
        using var options = new OrtSessionOptions(ort.Environment);
        var error = Assert.Throws<OnnxRuntimeException>(() => OrtSession.FromFile(ort.Environment, "/nowhere/model.onnx", options));
        Assert.Equal(OnnxRuntimeErrorCode.NoSuchFile, error.Code);
        Assert.Contains("/nowhere/model.onnx", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Garbage_is_an_error_with_the_librarys_code_and_text()
    {
        var error = Assert.Throws<OnnxRuntimeException>(() => ort.Session([1, 2, 3, 4, 5]));
        Assert.Equal(OnnxRuntimeErrorCode.InvalidProtobuf, error.Code);
        Assert.Contains("protobuf", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void An_empty_model_is_an_error() => Assert.Throws<OnnxRuntimeException>(() => ort.Session([]));

    [Fact]
    public void Every_truncation_of_a_model_is_an_error_or_a_model()
    {
        var model = new TestModel().Input("x", "T", 3).Initializer("w", Weight, 3, 2).Node("MatMul", ["x", "w"], ["y"]).Output("y", "T", 2).ToArray();
        for (var length = 1; length < model.Length; length += 7)
        {
            var cut = model[..length];
            Assert.Throws<OnnxRuntimeException>(() => ort.Session(cut));
        }
    }

    [Fact]
    public void A_run_with_an_unknown_input_is_an_error_that_names_it()
    {
        using var session = ort.Session(Identity().ToArray());
        using var value = ort.Tensor([1], 1);
        var error = Assert.Throws<OnnxRuntimeException>(() => session.Run([("nothing", value)], ["y"]));
        Assert.Contains("nothing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_with_a_zero_character_is_refused()
    {
        using var session = ort.Session(Identity().ToArray());
        using var value = ort.Tensor([1], 1);
        Assert.Throws<ArgumentException>(() => session.Run([("x\0y", value)], ["y"]));
    }

    [Fact]
    public void A_terminated_run_fails_and_succeeds_again_after_a_reset()
    {
        using var session = ort.Session(Identity().ToArray());
        using var value = ort.Tensor([3], 1);
        using var options = new OrtRunOptions(ort.Environment);
        options.Terminate();
        var error = Assert.Throws<OnnxRuntimeException>(() => session.Run([("x", value)], ["y"], options));
        Assert.Contains("terminate", error.Message, StringComparison.OrdinalIgnoreCase);
        options.Reset();
        using var output = session.Run([("x", value)], ["y"], options)[0];
        Assert.Equal(3, output.AsSpan<float>()[0]);
    }

    [Fact]
    public void Two_sessions_compute_on_the_environments_global_pool_at_once()
    {
        var model = new TestModel().Input("x", "T", 3).Initializer("w", Weight, 3, 2).Node("MatMul", ["x", "w"], ["y"]).Output("y", "T", 2).ToArray();
        void Configure(OrtSessionOptions options) => options.UseGlobalThreadPool();
        using var first = ort.Session(model, Configure);
        using var second = ort.Session(model, Configure);
        var results = new float[2][];
        Parallel.For(0, 2, i => results[i] = ort.Run(i == 0 ? first : second, [i + 1, 0, 0], 1, 3));
        Assert.Equal(new float[] { 1, 2 }, results[0]);
        Assert.Equal(new float[] { 2, 4 }, results[1]);
    }

    [Fact]
    public void Options_that_the_library_does_not_take_are_errors()
    {
        using var options = new OrtSessionOptions(ort.Environment);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.SetIntraOpThreads(-1));
        Assert.Throws<OnnxRuntimeException>(() => options.AddConfigEntry("", "1"));
    }

    [Fact]
    public void Profiling_writes_the_file_that_it_names()
    {
        var prefix = Path.Combine(Path.GetTempPath(), $"ort-profile-{Guid.NewGuid():N}");
        using var session = ort.Session(Identity().ToArray(), options => options.EnableProfiling(prefix));
        ort.Run(session, [1], 1);
        var file = session.EndProfiling();
        Assert.StartsWith(prefix, file, StringComparison.Ordinal);
        Assert.True(new FileInfo(file).Length > 0);
        File.Delete(file);
    }

    [Fact]
    public void Disposing_twice_and_in_any_order_is_harmless()
    {
        var options = new OrtSessionOptions(ort.Environment);
        var session = OrtSession.FromMemory(ort.Environment, Identity().ToArray(), options);
        var binding = new OrtIoBinding(session);
        session.Dispose();
        session.Dispose();
        options.Dispose();
        options.Dispose();
        binding.Dispose();
        binding.Dispose();
        Assert.Throws<ObjectDisposedException>(() => new OrtIoBinding(session));
        Assert.Throws<ObjectDisposedException>(() => ort.Run(session, [1], 1));
        Assert.Throws<ObjectDisposedException>(() => session.RunWithBinding(binding));
    }

    [Fact]
    public void An_environment_disposed_before_its_session_does_not_harm_the_session()
    {
        var environment = new OrtEnvironment();
        using var options = new OrtSessionOptions(environment);
        using var session = OrtSession.FromMemory(environment, Identity().ToArray(), options);
        environment.Dispose();
        environment.Dispose();
        Assert.Equal(new float[] { 5 }, ort.Run(session, [5], 1));
    }

    private static TestModel Identity() => new TestModel().Input("x", 1).Node("Abs", ["x"], ["y"]).Output("y", 1);
}
