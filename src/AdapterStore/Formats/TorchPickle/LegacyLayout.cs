using System.Buffers.Binary;
using System.Numerics;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>
/// The layout before torch 1.6: five pickles (magic number, protocol version, system, object, storage keys), then for each key an element count (u64) and the elements.
/// Numbers are little-endian whatever the system wrote them.
/// </summary>
internal sealed class LegacyLayout : IStorageSource
{
    private const int ProtocolVersion = 1001;
    private static readonly BigInteger Magic = BigInteger.Parse("1950a86a20f9469cfc6c", System.Globalization.NumberStyles.HexNumber, null);

    private readonly MappedFile _file;
    private readonly Dictionary<string, (long Offset, long Elements)> _storages = new(StringComparer.Ordinal);
    private long _position;

    private LegacyLayout(MappedFile file)
    {
        _file = file;
    }

    public bool IsBigEndian => false;

    public static (IStorageSource Storages, PickleValue Root) Read(MappedFile file, PickleBudget budget)
    {
        var layout = new LegacyLayout(file);
        if (layout.Next(budget).Reference is not BigInteger magic || magic != Magic)
        {
            throw PickleErrors.Layout();
        }

        if (layout.Next(budget) is not { Kind: PickleKind.Int, Int: ProtocolVersion })
        {
            throw PickleErrors.Protocol();
        }

        _ = layout.Next(budget).Dict;
        var root = layout.Next(budget);
        var keys = layout.Next(budget).List;
        layout.Place(keys, ElementSizes(root, budget));
        return (layout, root);
    }

    public StorageBytes Find(PickleStorage storage) =>
        _storages.TryGetValue(storage.Key, out var place) && place.Elements == storage.Elements
            ? new StorageBytes(null, place.Offset, storage.Bytes)
            : throw PickleErrors.Storage(storage.Key);

    private PickleValue Next(PickleBudget budget)
    {
        var left = Math.Min(_file.Length - _position, TorchPickleFile.MaxPickleBytes);
        var value = Unpickler.Read(_file.Slice(_position, (int)left), budget, out var length);
        _position += length;
        return value;
    }

    /// <summary>How large a storage's elements are is said only where a tensor refers to it.</summary>
    private static Dictionary<string, int> ElementSizes(PickleValue root, PickleBudget budget)
    {
        var sizes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var storage in PickleTree.TensorsOf(root, budget).Values.Select(tensor => tensor.Storage))
        {
            var size = SafetensorsTypes.Bytes(storage.DType);
            if (!sizes.TryAdd(storage.Key, size) && sizes[storage.Key] != size)
            {
                throw PickleErrors.Storage(storage.Key);
            }
        }

        return sizes;
    }

    private void Place(List<PickleValue> keys, Dictionary<string, int> elementSizes)
    {
        foreach (var key in keys)
        {
            var name = key.Text;
            if (!elementSizes.TryGetValue(name, out var size) || _file.Length - _position < sizeof(long))
            {
                throw PickleErrors.Storage(name);
            }

            var elements = BinaryPrimitives.ReadInt64LittleEndian(_file.Slice(_position, sizeof(long)));
            _position += sizeof(long);
            if (elements < 0 || elements > (_file.Length - _position) / size || !_storages.TryAdd(name, (_position, elements)))
            {
                throw PickleErrors.Storage(name);
            }

            _position += elements * size;
        }

        if (_position != _file.Length)
        {
            throw PickleErrors.Trailing();
        }
    }
}
