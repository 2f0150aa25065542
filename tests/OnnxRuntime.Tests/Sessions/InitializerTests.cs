using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using AdapterServe.OnnxRuntime.Tests.Models;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.OnnxRuntime.Tests.Sessions;

public sealed unsafe class InitializerTests(OrtFixture ort) : IDisposable
{
    private const string FolderKey = "session.model_external_initializers_file_folder_path";
    private static readonly float[] Weight = [1, 3, 5, 2, 4, 6];
    private readonly string _folder = Directory.CreateTempSubdirectory("ort-weights-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public void A_weight_in_memory_of_the_callers_replaces_the_declared_one(string disablePrepacking)
    {
        WriteFile(new float[6]);
        using var weight = new TensorSlot(ort.Environment.CpuMemory, "w", ElementType.Float32, 24);
        Weight.CopyTo(weight.AsSpan<float>(6));
        using var value = OrtValue.CreateTensor(ort.Environment.CpuMemory, weight.Data, 24, [2, 3], ElementType.Float32);
        using var session = ort.Session(Model(), options =>
        {
            options.AddConfigEntry(FolderKey, _folder);
            options.AddConfigEntry("session.disable_prepacking", disablePrepacking);
            options.AddInitializer("w", value);
        });
        Assert.Equal(new float[] { 22, 28 }, ort.Run(session, [1, 2, 3], 1, 3));
    }

    [Fact]
    public void A_weight_in_a_read_only_mapped_file_is_used_where_it_lies()
    {
        WriteFile(Weight);
        using var file = MemoryMappedFile.CreateFromFile(Path.Combine(_folder, "w.bin"), FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        using var view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* data = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
        try
        {
            using var value = OrtValue.CreateTensor(ort.Environment.CpuMemory, data, 24, [2, 3], ElementType.Float32);
            Assert.Equal((nint)data, (nint)value.Data);
            using var session = ort.Session(Model(), options =>
            {
                options.AddConfigEntry(FolderKey, _folder);
                options.AddInitializer("w", value);
            });
            Assert.Equal(new float[] { 22, 28 }, ort.Run(session, [1, 2, 3], 1, 3));
        }
        finally
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }

    [Fact]
    public void A_weight_is_read_out_of_a_file_at_an_offset_without_an_added_initializer()
    {
        WriteFile([9, 9, .. Weight]);
        using var session = ort.Session(Model(offset: 8), options => options.AddConfigEntry(FolderKey, _folder));
        Assert.Equal(new float[] { 22, 28 }, ort.Run(session, [1, 2, 3], 1, 3));
    }

    [Fact]
    public void A_weight_beyond_the_end_of_its_file_is_an_error()
    {
        WriteFile([1, 2, 3]);
        Assert.Throws<OnnxRuntimeException>(() => ort.Session(Model(), options => options.AddConfigEntry(FolderKey, _folder)));
    }

    [Fact]
    public void A_session_keeps_an_added_initializer_alive_after_its_wrapper_is_disposed()
    {
        WriteFile(new float[6]);
        using var weight = new TensorSlot(ort.Environment.CpuMemory, "w", ElementType.Float32, 24);
        Weight.CopyTo(weight.AsSpan<float>(6));
        var value = OrtValue.CreateTensor(ort.Environment.CpuMemory, weight.Data, 24, [2, 3], ElementType.Float32);
        using var session = ort.Session(Model(), options =>
        {
            options.AddConfigEntry(FolderKey, _folder);
            options.AddConfigEntry("session.disable_prepacking", "1");
            options.AddInitializer("w", value);
        });
        value.Dispose();
        Assert.Equal(new float[] { 22, 28 }, ort.Run(session, [1, 2, 3], 1, 3));
    }

    [Fact]
    public void An_initializer_of_another_shape_than_declared_is_an_error()
    {
        WriteFile(Weight);
        using var value = ort.Tensor(Weight, 6);
        Assert.Throws<OnnxRuntimeException>(() => ort.Session(Model(), options =>
        {
            options.AddConfigEntry(FolderKey, _folder);
            options.AddInitializer("w", value);
        }));
    }

    private static byte[] Model(long offset = 0) => new TestModel()
        .Input("x", "T", 3)
        .ExternalInitializer("w", "w.bin", offset, 2, 3)
        .Node("Gemm", ["x", "w"], ["y"], ("transB", 1))
        .Output("y", "T", 2)
        .ToArray();

    private void WriteFile(float[] data) => File.WriteAllBytes(Path.Combine(_folder, "w.bin"), MemoryMarshal.AsBytes<float>(data).ToArray());
}
