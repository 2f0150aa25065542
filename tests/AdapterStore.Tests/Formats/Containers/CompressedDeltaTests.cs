using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Tests.Support;
using static AdapterServe.AdapterStore.Tests.Formats.Peft.Methods.SmallMethod;

namespace AdapterServe.AdapterStore.Tests.Formats.Containers;

public sealed class CompressedDeltaTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly AdapterStorage _storage;
    private readonly JsonObject _config = new()
    {
        ["adapter_type"] = "compressed-delta", ["bits"] = 4, ["sparsity"] = "2:4", ["group"] = 4, ["target_modules"] = new JsonArray(Q0),
    };

    private readonly byte[] _index = new byte[16];
    private readonly byte[] _code = new byte[16];
    private readonly Half[] _scale = new Half[16];

    public CompressedDeltaTests()
    {
        _storage = _folder.Open();
        var random = new Random(3);
        for (var i = 0; i < 16; i++)
        {
            var first = random.Next(3);
            _index[i] = (byte)(first | (random.Next(first + 1, 4) << 2));
            _code[i] = (byte)random.Next(256);
            _scale[i] = (Half)(random.Next(1, 100) / 64.0);
        }
    }

    [Fact]
    public async Task Two_of_four_inputs_have_a_code_times_a_scale()
    {
        var put = await _storage.PutAsync("delta", Files());
        Assert.Equal("sparse", Assert.Single(put.Descriptor.Forms));
        using var lease = await _storage.Cache.AcquireAsync(_storage.Catalog.Resolve("acme", "delta"), TestContext.Current.CancellationToken);
        AssertDelta(DeltaOf(lease.Weights, Bases.Small), (row, column) =>
        {
            var at = (row * 2) + (column / 4);
            var code = column % 4 == (_index[at] & 3) ? _code[at] & 15 : column % 4 == _index[at] >> 2 ? _code[at] >> 4 : 8;
            return (code - 8) * (double)_scale[at];
        });
    }

    [Theory]
    [InlineData("bits", "option_range")]
    [InlineData("sparsity", "option_range")]
    [InlineData("group", "option_range")]
    [InlineData("uneven group", "option_range")]
    [InlineData("targets", "surplus_modules")]
    [InlineData("twice", "index_range")]
    [InlineData("scale", "not_finite")]
    [InlineData("shape", "shape_mismatch")]
    [InlineData("type", "dtype")]
    [InlineData("missing", "missing_tensors")]
    public async Task A_wrong_file_is_refused_with_its_own_code(string wrong, string code)
    {
        switch (wrong)
        {
            case "bits":
                _config["bits"] = 8;
                break;
            case "sparsity":
                _config["sparsity"] = "1:4";
                break;
            case "group":
                _config["group"] = 6;
                break;
            case "uneven group":
                _config["group"] = 16;
                break;
            case "targets":
                _config["target_modules"] = new JsonArray();
                break;
            case "twice":
                _index[5] = 1 | (1 << 2);
                break;
            case "scale":
                _scale[2] = Half.NaN;
                break;
            default:
                break;
        }

        Assert.Equal(code, (await _storage.RefusedAsync(Files(wrong))).Code);
    }

    public void Dispose()
    {
        _storage.Dispose();
        _folder.Dispose();
    }

    private Dictionary<string, byte[]> Files(string wrong = "")
    {
        using var stream = new MemoryStream();
        List<(SafetensorsEntry Entry, byte[] Bytes)> tensors =
        [
            (new($"{Q0}.code", wrong == "type" ? SafetensorsType.I8 : SafetensorsType.U8, wrong == "shape" ? [16, 1] : [8, 2]), _code),
            (new($"{Q0}.index", SafetensorsType.U8, [8, 2]), _index),
            (new($"{Q0}.scale", SafetensorsType.F16, [8, 2]), MemoryMarshal.AsBytes(_scale.AsSpan()).ToArray()),
        ];
        var written = tensors.Skip(wrong == "missing" ? 1 : 0).ToList();
        var writer = new SafetensorsWriter(stream, written.Select(tensor => tensor.Entry));
        foreach (var (_, bytes) in written)
        {
            writer.Write(bytes);
        }

        writer.Complete();
        return new() { ["adapter_config.json"] = JsonSerializer.SerializeToUtf8Bytes(_config), ["adapter_model.safetensors"] = stream.ToArray() };
    }
}
