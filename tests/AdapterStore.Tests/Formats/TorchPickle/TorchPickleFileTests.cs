using System.Security.Cryptography;
using System.Text.Json;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Formats.TorchPickle;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats.TorchPickle;

/// <summary>Sound files: what Python's pickler wrote is what is read. See tests/data/pickles/make_pickles.py.</summary>
public sealed class TorchPickleFileTests
{
    private static readonly string Folder = Path.Combine(TestData.Root, "tests", "data", "pickles");

    private static readonly Dictionary<string, Dictionary<string, ExpectedTensor>> Expected =
        JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, ExpectedTensor>>>(File.ReadAllBytes(Path.Combine(Folder, "expected.json")), JsonSerializerOptions.Web)!;

    public static TheoryData<string> Names => [.. Expected.Keys];

    public static TheoryData<string> OwnNames => [.. Expected.Keys.Where(name => !name.StartsWith("real", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_tensor_has_its_name_type_shape_and_bytes(string name)
    {
        using var file = TorchPickleFile.Open(Path.Combine(Folder, name));
        var expected = Expected[name];
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), file.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var (key, tensor) in file.Tensors)
        {
            Assert.Equal(expected[key].Dtype, SafetensorsTypes.Name(tensor.DType));
            Assert.Equal(expected[key].Shape, tensor.Shape.AsEnumerable());
            Assert.Equal(expected[key].Sha256, Convert.ToHexStringLower(SHA256.HashData(file.Bytes(tensor))));
        }
    }

    [Theory]
    [MemberData(nameof(OwnNames))]
    public void Some_rows_of_a_matrix_are_read_by_themselves(string name)
    {
        using var file = TorchPickleFile.Open(Path.Combine(Folder, name));
        var matrices = file.Tensors.Values.Where(tensor => tensor.Shape is [>= 2, > 0]).ToList();
        Assert.NotEmpty(matrices);
        foreach (var matrix in matrices)
        {
            var (rest, last) = (matrix.Rows(1, matrix.Shape[0] - 1), matrix.Rows(1, matrix.Shape[0] - 1).Rows(matrix.Shape[0] - 2, 1));
            var rowBytes = (int)(matrix.Bytes / matrix.Shape[0]);
            Assert.Equal(file.Bytes(matrix)[rowBytes..], file.Bytes(rest));
            Assert.Equal(file.Bytes(matrix)[^rowBytes..], file.Bytes(last));
            Assert.True(last.HasShape(1, matrix.Shape[1]));
        }
    }

    [Theory]
    [MemberData(nameof(OwnNames))]
    public void Plain_values_are_what_was_saved(string name)
    {
        using var file = TorchPickleFile.Open(Path.Combine(Folder, name));
        var values = file.Root.Dict.Find("values")!.Value.Dict;
        PickleValue At(string key) => values.Find(key)!.Value;
        Assert.True(At("none").IsNone);
        Assert.True(At("true").Bool);
        Assert.False(At("false").Bool);
        Assert.Equal([7L, -5L, 40000L, 1L << 40, long.MinValue], new[] { "small", "negative", "word", "large", "lowest" }.Select(key => At(key).Int));
        Assert.Equal(-0.375, At("float").Number);
        Assert.Equal("żółw 🐢", At("text").Text);
        Assert.Equal(new string('x', 300), At("long").Text);
        Assert.Equal(Enumerable.Range(0, 1100).Select(i => (long)i), At("list").List.Select(item => item.Int));
        Assert.Equal([2L, 3L], At("size").Tuple.Items.ToArray().Select(item => item.Int));
        Assert.Equal(4, At("tuple").Tuple.Count);
        Assert.Null(values.Find("other"));
        Assert.Equal("same", file.Root.Dict.Items.First(item => item.Key.Text == "same").Key.Text);
    }

    [Theory]
    [InlineData("zip-protocol2.pt")]
    [InlineData("legacy-protocol2.pt")]
    [InlineData("zip-big-endian.pt")]
    public void Values_become_f32_whatever_float_type_they_have(string name)
    {
        using var file = TorchPickleFile.Open(Path.Combine(Folder, name));
        foreach (var type in new[] { "Double", "Float", "Half" })
        {
            var values = new float[3];
            file.CopyToF32(file.Tensors[$"plain of {type}Storage"], values);
            Assert.Equal([3f, 100f, 127f], values);
        }

        var refused = Assert.Throws<AdapterStoreException>(() => file.CopyToF32(file.Tensors["plain of LongStorage"], new float[3]));
        Assert.Equal("safetensors_not_float", refused.Code);
    }

    [Fact]
    public void The_first_step_of_a_sparse_difference_is_a_numpy_number_and_reads_as_an_integer()
    {
        using var file = TorchPickleFile.Open(Path.Combine(Folder, "real", "lt-sft-numpy2.bin"));
        foreach (var (_, difference) in file.Root.Dict.Find("diffs")!.Value.Dict.Items)
        {
            var steps = difference.Dict.Find("index_steps")!.Value.List;
            var size = difference.Dict.Find("size")!.Value.Tuple.Items.ToArray().Aggregate(1L, (product, item) => product * item.Int);
            Assert.Equal(difference.Dict.Find("values")!.Value.Tensor.Placed!.Elements, steps.Count);
            Assert.InRange(steps.Sum(step => step.Int), 0, size - 1);
        }
    }

    private sealed record ExpectedTensor(string Dtype, long[] Shape, string Sha256);
}
