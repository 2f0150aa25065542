using System.Buffers.Binary;
using System.Text;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Tests.Formats;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public static TheoryData<string, int, string> WrongHeaders => new()
    {
        { "", 0, "safetensors_json" },
        { "[]", 0, "safetensors_json" },
        { "{", 0, "safetensors_json" },
        { "{}x", 0, "safetensors_json" },
        { "{}{}", 0, "safetensors_json" },
        { "nonsense", 0, "safetensors_json" },
        { """{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "safetensors_json" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}""", 4, "safetensors_json" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "safetensors_duplicate_key" },
        { """{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "safetensors_duplicate_key" },
        { """{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", 4, "safetensors_duplicate_key" },
        { """{"__metadata__":{"x":"1","x":"2"}}""", 0, "safetensors_duplicate_key" },
        { """{"__metadata__":{},"__metadata__":{}}""", 0, "safetensors_duplicate_key" },
        { """{"__metadata__":{"x":1}}""", 0, "safetensors_metadata" },
        { """{"__metadata__":{"x":{"y":"z"}}}""", 0, "safetensors_metadata" },
        { """{"__metadata__":"x"}""", 0, "safetensors_metadata" },
        { """{"a":1}""", 0, "safetensors_entry" },
        { """{"a":{}}""", 0, "safetensors_entry" },
        { """{"a":{"dtype":"F32","shape":[1]}}""", 4, "safetensors_entry" },
        { """{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "safetensors_entry" },
        { """{"a":{"shape":[1],"data_offsets":[0,4]}}""", 4, "safetensors_entry" },
        { """{"a":{"dtype":5,"shape":[1],"data_offsets":[0,4]}}""", 4, "safetensors_entry" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":[[[[]]]]}}""", 4, "safetensors_entry" },
        { """{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""", 4, "safetensors_dtype" },
        { """{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}""", 4, "safetensors_dtype" },
        { """{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4, "safetensors_shape" },
        { """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "safetensors_shape" },
        { """{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "safetensors_shape" },
        { """{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4, "safetensors_shape" },
        { """{"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}""", 4, "safetensors_shape" },
        { """{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}""", 4, "safetensors_shape" },
        { """{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", 4, "safetensors_shape" },
        { """{"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}""", 4, "safetensors_shape" },
        { """{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", 4, "safetensors_shape" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":4}}""", 4, "safetensors_offsets" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}""", 4, "safetensors_offsets" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4, "safetensors_offsets" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", 4, "safetensors_offsets" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "safetensors_offsets" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}""", 4, "safetensors_offsets" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775807,9223372036854775807]}}""", 4, "safetensors_offsets" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "safetensors_size" },
        { """{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,4]}}""", 4, "safetensors_size" },
        { """{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,4]}}""", 4, "safetensors_size" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "safetensors_overlap" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "safetensors_overlap" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "safetensors_gap" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "safetensors_gap" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "safetensors_trailing" },
        { "{}", 1, "safetensors_trailing" },
    };

    public void Dispose() => File.Delete(_path);

    [Theory]
    [MemberData(nameof(WrongHeaders))]
    public void A_wrong_header_is_refused_with_its_own_code(string header, int dataBytes, string code)
    {
        Write(Encoding.UTF8.GetBytes(header), dataBytes);
        AssertRefused(code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void A_file_without_a_header_length_is_too_short(int bytes)
    {
        File.WriteAllBytes(_path, new byte[bytes]);
        AssertRefused("safetensors_too_short");
    }

    [Theory]
    [InlineData(100_000_001UL, "safetensors_header_too_long")]
    [InlineData(ulong.MaxValue, "safetensors_header_too_long")]
    [InlineData(1UL << 63, "safetensors_header_too_long")]
    [InlineData(3UL, "safetensors_header_beyond_file")]
    [InlineData(100_000_000UL, "safetensors_header_beyond_file")]
    public void A_header_length_that_cannot_be_is_refused(ulong length, string code)
    {
        var bytes = new byte[10];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        bytes[8] = (byte)'{';
        bytes[9] = (byte)'}';
        File.WriteAllBytes(_path, bytes);
        AssertRefused(code);
    }

    [Fact]
    public void A_header_that_is_not_UTF8_is_refused()
    {
        Write([(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}'], 0);
        AssertRefused("safetensors_not_utf8");
    }

    [Theory]
    [InlineData("[", "safetensors_json")]
    [InlineData("{\"a\":", "safetensors_entry")]
    public void A_deeply_nested_header_is_refused_without_recursion(string opening, string code)
    {
        Write(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(opening, 100_000))), 0);
        AssertRefused(code);
    }

    [Fact]
    public void Every_truncation_of_a_sound_file_is_refused()
    {
        WriteSound();
        var sound = File.ReadAllBytes(_path);
        for (var length = 0; length < sound.Length; length++)
        {
            File.WriteAllBytes(_path, sound.AsSpan(0, length));
            Assert.Throws<AdapterStoreException>(() => SafetensorsFile.Open(_path));
        }
    }

    [Fact]
    public void A_flipped_bit_never_escapes_as_another_exception()
    {
        WriteSound();
        var sound = File.ReadAllBytes(_path);
        var header = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(sound);
        var refused = 0;
        for (var bit = 0; bit < header * 8; bit++)
        {
            var broken = (byte[])sound.Clone();
            broken[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(_path, broken);
            try
            {
                using var file = SafetensorsFile.Open(_path);
                Assert.All(file.Tensors.Values, tensor => Assert.True(tensor.Offset + tensor.Bytes <= broken.Length));
            }
            catch (AdapterStoreException error)
            {
                Assert.StartsWith("safetensors_", error.Code, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.InRange(refused, header, header * 8);
    }

    [Fact]
    public void What_the_writer_wrote_is_read_back()
    {
        WriteSound();
        using var file = SafetensorsFile.Open(_path);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal(["b", "e", "s", "w"], file.Tensors.Keys.Order());
        Assert.Equal(0, file.Tensors["w"].Offset % 64);
        Assert.True(file.Tensors["w"].HasShape(2, 3));
        Assert.False(file.Tensors["w"].HasShape(3, 2));
        Assert.Equal([1f, -2f, 0.1f, float.PositiveInfinity, 0f, 6f], file.Elements<float>(file.Tensors["w"]).ToArray());
        Assert.Equal([0x3F80, 0xC000], file.Elements<ushort>(file.Tensors["b"]).ToArray().Select(bits => (int)bits));
        Assert.Empty(file.Bytes(file.Tensors["e"]).ToArray());
        Assert.Empty(file.Tensors["s"].Shape);
        Assert.Equal([(Half)0.5f], file.Elements<Half>(file.Tensors["s"]).ToArray());
        Assert.Throws<ArgumentException>(() => file.Elements<float>(file.Tensors["b"]).Length);
    }

    [Fact]
    public void Every_bf16_widens_exactly()
    {
        var all = Enumerable.Range(0, 65536).Select(bits => (ushort)bits).ToArray();
        WriteRaw(SafetensorsType.BF16, 65536, System.Runtime.InteropServices.MemoryMarshal.AsBytes(all.AsSpan()));
        using var file = SafetensorsFile.Open(_path);
        var wide = new float[65536];
        file.CopyToF32(file.Tensors["t"], wide);
        Assert.All(all, bits => Assert.Equal((uint)bits << 16, BitConverter.SingleToUInt32Bits(wide[bits])));
        Assert.All(all, bits => Assert.True(float.IsNaN(wide[bits]) || FloatConversion.ToBF16(wide[bits]) == bits));
    }

    [Fact]
    public void Every_f16_widens_exactly()
    {
        var all = Enumerable.Range(0, 65536).Select(bits => (ushort)bits).ToArray();
        WriteRaw(SafetensorsType.F16, 65536, System.Runtime.InteropServices.MemoryMarshal.AsBytes(all.AsSpan()));
        using var file = SafetensorsFile.Open(_path);
        var wide = new float[65536];
        file.CopyToF32(file.Tensors["t"], wide);
        for (var bits = 0; bits < 65536; bits++)
        {
            // sign, exponent, fraction as IEEE 754 defines them
            double fraction = bits & 0x3FF, exponent = (bits >> 10) & 31, sign = bits >> 15 == 0 ? 1 : -1;
            var expected = exponent == 31 ? (fraction == 0 ? sign * double.PositiveInfinity : double.NaN)
                : exponent == 0 ? sign * fraction * Math.Pow(2, -24) : sign * (1 + (fraction / 1024)) * Math.Pow(2, exponent - 15);
            Assert.Equal(expected, wide[bits]);
        }
    }

    [Fact]
    public void A_part_of_a_tensor_is_copied_from_where_it_begins()
    {
        WriteSound();
        using var file = SafetensorsFile.Open(_path);
        var part = new float[2];
        file.CopyToF32(file.Tensors["w"], 1, part);
        Assert.Equal([-2f, 0.1f], part);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.CopyToF32(file.Tensors["w"], 5, part));
        Assert.Throws<ArgumentException>(() => file.CopyToF32(file.Tensors["w"], part));
    }

    [Fact]
    public void Integers_are_not_taken_for_floats()
    {
        WriteRaw(SafetensorsType.I32, 1, [1, 0, 0, 0]);
        using var file = SafetensorsFile.Open(_path);
        Assert.Equal("safetensors_not_float", Assert.Throws<AdapterStoreException>(() => file.CopyToF32(file.Tensors["t"], new float[1])).Code);
    }

    [Fact]
    public void The_writer_wants_exactly_what_was_announced()
    {
        var writer = new SafetensorsWriter(new MemoryStream(), [new SafetensorsEntry("a", SafetensorsType.F32, [2])]);
        writer.Write([1f]);
        Assert.Throws<InvalidOperationException>(writer.Complete);
        Assert.Throws<InvalidOperationException>(() => writer.Write([1f, 2f]));
        writer.Write([2f]);
        writer.Complete();
        Assert.Throws<InvalidOperationException>(() => writer.Write([3f]));
    }

    private void WriteSound()
    {
        using var stream = File.Create(_path);
        var writer = new SafetensorsWriter(
            stream,
            [
                new SafetensorsEntry("w", SafetensorsType.F32, [2, 3]),
                new SafetensorsEntry("e", SafetensorsType.F32, [0, 3]),
                new SafetensorsEntry("b", SafetensorsType.BF16, [2]),
                new SafetensorsEntry("s", SafetensorsType.F16, []),
            ],
            new Dictionary<string, string> { ["format"] = "pt" });
        writer.Write([1f, -2f]);
        writer.Write([0.1f, float.PositiveInfinity, 0f, 6f]);
        writer.Write([1f, -2f]);
        writer.Write([0.5f]);
        writer.Complete();
    }

    private void WriteRaw(SafetensorsType type, long elements, ReadOnlySpan<byte> bytes)
    {
        using var stream = File.Create(_path);
        var writer = new SafetensorsWriter(stream, [new SafetensorsEntry("t", type, [elements])]);
        writer.Write(bytes);
        writer.Complete();
    }

    private void Write(ReadOnlySpan<byte> header, int dataBytes)
    {
        var bytes = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        header.CopyTo(bytes.AsSpan(8));
        File.WriteAllBytes(_path, bytes);
    }

    private void AssertRefused(string code)
    {
        var error = Assert.Throws<AdapterStoreException>(() => SafetensorsFile.Open(_path));
        Assert.Equal(code, error.Code);
        Assert.Equal(AdapterErrorKind.Malformed, error.Kind);
    }
}
