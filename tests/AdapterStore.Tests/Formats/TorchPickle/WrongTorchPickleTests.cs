using System.IO.Compression;
using System.Text;
using AdapterServe.AdapterStore.Formats.TorchPickle;
using static AdapterServe.AdapterStore.Tests.Support.TorchBytes;

namespace AdapterServe.AdapterStore.Tests.Formats.TorchPickle;

/// <summary>One row for each way in which a torch file can be wrong or hostile.</summary>
public sealed class WrongTorchPickleTests : IDisposable
{
    private const string SystemCall = "cos\nsystem\n";
    private static readonly byte[] Nothing = Pickle("}");
    private static readonly byte[] Sound = Zip(Pickle(Dict("a", Tensor(4, 0, [2, 2], [2, 1]))), ("m/data/0", new byte[16]));

    private static readonly Dictionary<string, (string Code, byte[] File)> Cases = new(StringComparer.Ordinal)
    {
        ["a shell command"] = ("pickle_global", Zip(Pickle(SystemCall, Text("touch /tmp/owned"), "\x85R"))),
        ["a name that is never called"] = ("pickle_global", Zip(Pickle(SystemCall))),
        ["eval"] = ("pickle_global", Zip(Pickle("cbuiltins\neval\n", Text("1"), "\x85R"))),
        ["a name from the stack"] = ("pickle_global", Zip(Pickle(Text("posix"), Text("system"), "\x93"))),
        ["torch's own loader"] = ("pickle_global", Zip(Pickle("ctorch.storage\n_load_from_bytes\n", Text("x"), "\x85R"))),
        ["a known name in another module"] = ("pickle_global", Zip(Pickle("ctorch\n_rebuild_tensor_v2\n"))),
        ["a call of a string"] = ("pickle_call", Zip(Pickle(Text("f"), ")R"))),
        ["a call of None"] = ("pickle_call", Zip(Pickle("N)R"))),
        ["a call of a storage type"] = ("pickle_call", Zip(Pickle(FloatStorage, ")R"))),
        ["a tensor without a storage"] = ("pickle_call", Zip(Pickle(Rebuild, "(", Int(1), Int(0), Tuple(1), Tuple(1), "\x89}tR"))),
        ["a tensor of too few arguments"] = ("pickle_call", Zip(Pickle(Rebuild, ")R"))),
        ["arguments that are a list"] = ("pickle_type", Zip(Pickle(Rebuild, "]R"))),
        ["an unknown numpy type"] = ("pickle_call", Zip(Pickle("cnumpy\ndtype\n", Text("O8"), "\x85R"))),
        ["bytes in another encoding"] = ("pickle_call", Zip(Pickle("c_codecs\nencode\n", Text("x"), Text("zip"), "\x86R"))),
        ["the state of a plain dictionary"] = ("pickle_build", Zip(Pickle("}}b"))),
        ["the state of a tensor"] = ("pickle_build", Zip(Pickle(Tensor(1, 0, [1], [1]), "}b"))),
        ["an instance"] = ("pickle_opcode", Zip(Pickle("(icollections\nOrderedDict\n"))),
        ["a new object"] = ("pickle_opcode", Zip(Pickle("ccollections\nOrderedDict\n)\x81"))),
        ["a set"] = ("pickle_opcode", Zip(Pickle("\x8F"))),
        ["an out-of-band buffer"] = ("pickle_opcode", Zip(Pickle("\x97"))),
        ["a textual persistent id"] = ("pickle_opcode", Zip(Pickle("Pstorage\n"))),
        ["a zero byte"] = ("pickle_opcode", Zip(Pickle("\0"))),
        ["extension 1"] = ("pickle_extension", Zip(Pickle("\x82\x01"))),
        ["extension 4"] = ("pickle_extension", Zip(Pickle("\x84\x01\x00\x00\x00"))),
        ["protocol 1"] = ("pickle_protocol", Zip(Join("\x80\x01}."))),
        ["protocol 6"] = ("pickle_protocol", Zip(Join("\x80\x06}."))),
        ["no protocol"] = ("pickle_protocol", Zip(Join("}."))),
        ["a persistent id of another kind"] = ("pickle_persistent_id", Zip(Pickle("(", Text("module"), FloatStorage, Text("0"), Text("cpu"), Int(1), "tQ"))),
        ["a persistent id that is text"] = ("pickle_type", Zip(Pickle(Text("storage"), "Q"))),
        ["a persistent id of an unknown type"] = ("pickle_persistent_id", Zip(Pickle("(", Text("storage"), Text("Float"), Text("0"), Text("cpu"), Int(1), "tQ"))),
        ["a persistent id that is cut"] = ("pickle_persistent_id", Zip(Pickle("(", Text("storage"), FloatStorage, "tQ"))),
        ["a storage of negative size"] = ("pickle_storage", Zip(Pickle(Storage(-1)))),
        ["an empty stack"] = ("pickle_stack", Zip(Join("\x80\x02."))),
        ["values left on the stack"] = ("pickle_stack", Zip(Pickle("NN"))),
        ["a mark left on the stack"] = ("pickle_stack", Zip(Pickle("N("))),
        ["no mark"] = ("pickle_stack", Zip(Pickle("Nt"))),
        ["a tuple across a mark"] = ("pickle_stack", Zip(Pickle("N(\x85"))),
        ["a key without a value"] = ("pickle_stack", Zip(Pickle("}(", Text("a"), "u"))),
        ["an item of no list"] = ("pickle_type", Zip(Pickle("}Na"))),
        ["a value of no dictionary"] = ("pickle_type", Zip(Pickle("]", Text("a"), "Ns"))),
        ["a memo that was never written"] = ("pickle_memo", Zip(Pickle("h\x05"))),
        ["a long memo that was never written"] = ("pickle_memo", Zip(Pickle("j\xFF\xFF\xFF\xFF"))),
        ["a list that holds itself"] = ("pickle_recursive", Zip(Pickle("]q\0h\0a"))),
        ["a dictionary that holds itself"] = ("pickle_recursive", Zip(Pickle("}q\0", Text("a"), "]h\0as"))),
        ["a hundred thousand levels"] = ("pickle_depth", Zip(Pickle(new string(']', 100_000), new string('a', 99_999)))),
        ["a hundred thousand tuples"] = ("pickle_depth", Zip(Pickle(")", new string('\x85', 100_000)))),
        ["a million tuples"] = ("pickle_too_large", Zip(Pickle(")", new string('\x85', 1_000_000)))),
        ["levels through shared lists"] = ("pickle_depth", Zip(Pickle(Shared(70)))),
        ["an integer of 2 GiB"] = ("pickle_truncated", Zip(Pickle("\x8B\xFF\xFF\xFF\x7F"))),
        ["an integer of negative length"] = ("pickle_truncated", Zip(Pickle("\x8B\xFF\xFF\xFF\xFF"))),
        ["an integer of 200 bits"] = ("pickle_integer", Zip(Pickle("\x8A\x19", new byte[24], "\x01"))),
        ["an integer of 70 bits"] = ("pickle_type", Zip(Pickle("\x8A\x09", new byte[8], "\x01"))),
        ["a string of 4 GiB"] = ("pickle_truncated", Zip(Pickle("X\xFF\xFF\xFF\xFFx"))),
        ["a string of 16 EiB"] = ("pickle_truncated", Zip(Pickle("\x8D\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFx"))),
        ["a string that is not UTF-8"] = ("pickle_text", Zip(Pickle("X\x01\x00\x00\x00\xFF"))),
        ["a name without an end"] = ("pickle_truncated", Zip(Join("\x80\x02", "ctorch"))),
        ["a class as a value"] = ("pickle_type", Zip(Pickle(Dict("a", Join(FloatStorage))))),
        ["a storage as a value"] = ("pickle_type", Zip(Pickle(Dict("a", Storage(1))), ("m/data/0", new byte[4]))),
        ["a key twice"] = ("pickle_key", Zip(Pickle("}", Text("a"), "Ns", Text("a"), "Ns"))),
        ["a key that is a list"] = ("pickle_key", Zip(Pickle("}]Ns"))),
        ["two places of one name"] = ("pickle_duplicate_tensor", Zip(Pickle("}", Text("a"), Dict("b", One), "s", Text("a/b"), One, "s"), ("m/data/0", new byte[4]))),
        ["bytes behind the pickle"] = ("pickle_trailing", Zip(Join(Nothing, "x"))),
        ["a tensor behind its storage"] = ("pickle_tensor", OneTensor(4, 1, [2, 2], [2, 1])),
        ["a tensor that strides out"] = ("pickle_tensor", OneTensor(4, 0, [2, 2], [3, 1])),
        ["a negative offset"] = ("pickle_tensor", OneTensor(4, -1, [1], [1])),
        ["a negative stride"] = ("pickle_tensor", OneTensor(4, 3, [2], [-1])),
        ["a negative size"] = ("pickle_tensor", OneTensor(4, 0, [-2, -2], [2, 1])),
        ["an empty tensor behind its storage"] = ("pickle_tensor", OneTensor(4, 5, [0], [1])),
        ["more elements than 64 bits count"] = ("pickle_tensor", OneTensor(4, 0, [int.MaxValue, int.MaxValue, int.MaxValue], [0, 0, 0])),
        ["fewer strides than sizes"] = ("pickle_tensor", OneTensor(4, 0, [2, 2], [1])),
        ["seventeen dimensions"] = ("pickle_tensor", OneTensor(4, 0, [.. Enumerable.Repeat(1, 17)], [.. Enumerable.Repeat(1, 17)])),
        ["one number made a billion"] = ("pickle_too_large", OneTensor(4, 0, [1 << 15, 1 << 15], [0, 0])),
        ["a storage that is missing"] = ("pickle_storage", Zip(Pickle(Dict("a", One)))),
        ["a storage that is shorter"] = ("pickle_storage", Zip(Pickle(Dict("a", One)), ("m/data/0", new byte[3]))),
        ["a storage that is longer"] = ("pickle_storage", Zip(Pickle(Dict("a", One)), ("m/data/0", new byte[8]))),
        ["a storage of another folder"] = ("pickle_storage", Zip(Pickle(Dict("a", One)), ("n/data/0", new byte[4]))),
        ["a memo of two million values"] = ("pickle_too_large", Zip(Pickle("N", new string('\x94', 2_000_000)))),
        ["a million dictionaries"] = ("pickle_too_large", Zip(Pickle("](", new string('}', 1_000_000), "e"))),
        ["another byte order"] = ("pickle_byte_order", Zip(Nothing, ("m/byteorder", "middle"u8.ToArray()))),
        ["no pickle"] = ("pickle_missing_record", ZipOf([("m/data/0", new byte[4])])),
        ["two pickles"] = ("pickle_missing_record", Zip(Nothing, ("n/data.pkl", Nothing))),
        ["a name that climbs"] = ("pickle_zip_name", Zip(Nothing, ("m/../../etc/passwd", [1]))),
        ["an absolute name"] = ("pickle_zip_name", Zip(Nothing, ("/etc/passwd", [1]))),
        ["a name with a backslash"] = ("pickle_zip_name", Zip(Nothing, (@"m\data\0", [1]))),
        ["a name with a drive"] = ("pickle_zip_name", Zip(Nothing, ("c:data", [1]))),
        ["a name twice"] = ("pickle_zip_duplicate", Zip(Nothing, ("m/data/0", [1]), ("m/data/0", [2]))),
        ["a bomb as a storage"] = ("pickle_too_large", ZipOf([("m/data.pkl", Pickle(Dict("a", Tensor(1 << 24, 0, [1], [1])))), ("m/data/0", new byte[1 << 26])], CompressionLevel.Optimal)),
        ["a bomb as a pickle"] = ("pickle_too_large", ZipOf([("m/data.pkl", new byte[1 << 26])], CompressionLevel.Optimal)),
        ["a zip that is cut"] = ("pickle_zip", Sound[..^1]),
        ["an empty file"] = ("pickle_layout", []),
        ["text"] = ("pickle_layout", Encoding.ASCII.GetBytes("not a torch file")),
        ["a tar archive"] = ("pickle_layout", new byte[1024]),
        ["a pickle of its own"] = ("pickle_layout", Pickle("}")),
        ["another version of the legacy layout"] = ("pickle_protocol", Join(Legacy(Nothing, Pickle("]"))[..15], Pickle(Int(1002)))),
        ["a legacy storage that is missing"] = ("pickle_storage", Legacy(Pickle(Dict("a", One)), Pickle("]"))),
        ["a legacy storage that is cut"] = ("pickle_storage", Legacy(Pickle(Dict("a", One)), Pickle("]", Text("0"), "a"), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
        ["a legacy storage of negative size"] = ("pickle_storage", Legacy(Pickle(Dict("a", One)), Pickle("]", Text("0"), "a"), BitConverter.GetBytes(-1L))),
        ["a legacy storage of any size"] = ("pickle_storage", Legacy(Pickle(Dict("a", One)), Pickle("]", Text("0"), "a"), BitConverter.GetBytes(long.MaxValue))),
        ["a legacy storage twice"] = ("pickle_storage", Legacy(Pickle(Dict("a", One)), Pickle("]", Text("0"), "a", Text("0"), "a"), Floats(1), Floats(1))),
        ["a legacy storage that nothing uses"] = ("pickle_storage", Legacy(Nothing, Pickle("]", Text("0"), "a"), Floats(1))),
        ["bytes behind the legacy storages"] = ("pickle_trailing", Legacy(Nothing, Pickle("]"), [0])),
    };

    private readonly string _path = Path.GetTempFileName();

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    private static byte[] One => Tensor(1, 0, [1], [1]);

    public void Dispose() => File.Delete(_path);

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void A_wrong_file_is_refused_with_its_own_code(string name)
    {
        var (code, file) = Cases[name];
        var refused = Assert.Throws<AdapterStoreException>(() => Open(file));
        Assert.Equal(code, refused.Code);
        Assert.Equal(code == "pickle_too_large" ? AdapterErrorKind.TooLarge : AdapterErrorKind.Malformed, refused.Kind);
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
        Assert.InRange(refused.Message.Length, 20, 400);
    }

    [Fact]
    public void Every_truncation_and_every_extension_of_a_sound_file_is_refused()
    {
        var legacy = Legacy(Pickle(Dict("a", Tensor(2, 0, [2], [1]))), Pickle("]", Text("0"), "a"), Floats(2));
        foreach (var sound in new[] { Sound, legacy })
        {
            Open(sound);
            for (var length = 0; length < sound.Length; length++)
            {
                Assert.Throws<AdapterStoreException>(() => Open(sound[..length]));
            }

            Assert.Throws<AdapterStoreException>(() => Open([.. sound, 0]));
        }
    }

    [Fact]
    public void Entries_that_share_bytes_are_refused()
    {
        var file = Zip(Nothing, ("m/data/0", [1, 2, 3, 4]), ("m/data/0", [5, 6, 7, 8]));
        var second = file.AsSpan().LastIndexOf("PK\x01\x02"u8);
        var first = file.AsSpan()[..second].LastIndexOf("PK\x01\x02"u8);
        file.AsSpan(first + 42, 4).CopyTo(file.AsSpan(second + 42));
        file[second + 46 + 7] = (byte)'0';
        Assert.Equal("pickle_zip_duplicate", Assert.Throws<AdapterStoreException>(() => Open(file)).Code);

        file = Zip(Nothing, ("m/data/0", [1, 2, 3, 4]));
        var entry = file.AsSpan().LastIndexOf("PK\x01\x02"u8);
        BitConverter.TryWriteBytes(file.AsSpan(entry + 42), 0);
        Assert.Equal("pickle_zip", Assert.Throws<AdapterStoreException>(() => Open(file)).Code);

        file = Zip(Nothing, ("m/data/0", [1, 2, 3, 4]));
        entry = file.AsSpan().IndexOf("PK\x01\x02"u8);
        BitConverter.TryWriteBytes(file.AsSpan(entry + 20), Nothing.Length + 30);
        BitConverter.TryWriteBytes(file.AsSpan(entry + 24), Nothing.Length + 30);
        Assert.Equal("pickle_zip_overlap", Assert.Throws<AdapterStoreException>(() => Open(file)).Code);
    }

    [Fact]
    public void An_encrypted_entry_is_refused()
    {
        var file = Sound.ToArray();
        file[file.AsSpan().IndexOf("PK\x01\x02"u8) + 8] |= 1;
        Assert.Equal("pickle_zip_encrypted", Assert.Throws<AdapterStoreException>(() => Open(file)).Code);
    }

    [Fact]
    public void Shared_containers_cost_no_more_than_their_bytes()
    {
        Open(Zip(Pickle(Shared(60))));
    }

    private static byte[] OneTensor(int elements, int offset, int[] shape, int[] strides) =>
        Zip(Pickle(Dict("a", Tensor(elements, offset, shape, strides))), ("m/data/0", new byte[elements * sizeof(float)]));

    private static byte[] Floats(int count) => Join(BitConverter.GetBytes((long)count), new byte[count * sizeof(float)]);

    /// <summary>A tuple of lists that each hold the one before twice: 2^levels places in a few bytes a level.</summary>
    private static byte[] Shared(int levels) => Join(
        "(]q\0", Join([.. Enumerable.Range(0, levels - 1).Select(i => Join("]q", new[] { (byte)(i + 1) }, "(h", new[] { (byte)i }, "h", new[] { (byte)i }, "e"))]), "t");

    private void Open(byte[] file)
    {
        File.WriteAllBytes(_path, file);
        TorchPickleFile.Open(_path).Dispose();
    }
}
