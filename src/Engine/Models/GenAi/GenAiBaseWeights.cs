using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.Weights;
using Microsoft.Win32.SafeHandles;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// The weights of an imported folder as f32, those in blocks of integers as what the blocks stand for; read from the files that the session maps.
/// </summary>
internal sealed class GenAiBaseWeights(
    ImmutableArray<WeightReference> weights, IReadOnlyDictionary<string, BlockFormat> blocks, float normEpsilon, NormKind normKind) : IBaseWeights
{
    private readonly FrozenDictionary<string, WeightReference> _byName = weights.ToFrozenDictionary(weight => weight.Name, StringComparer.Ordinal);

    public float NormEpsilon => normEpsilon;

    public NormKind NormKind => normKind;

    public void Read(Site site, Span<float> destination)
    {
        RequireLength(site, (long)site.WeightRows * site.WeightColumns, destination);
        ReadRows(site, 0, destination);
    }

    public void ReadRows(Site site, int firstRow, Span<float> destination)
    {
        var rows = destination.Length / site.WeightColumns;
        RequireLength(site, (long)rows * site.WeightColumns, destination);
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow, site.WeightRows - rows);
        var path = (site.Whole ?? site).Path;
        if (blocks.TryGetValue(path, out var format))
        {
            ReadBlocks(path, format, site.FirstRow + firstRow, site.WeightColumns, destination);
        }
        else
        {
            Read(Find(site, path + ".weight"), (long)(site.FirstRow + firstRow) * site.WeightColumns, destination);
        }
    }

    public bool TryReadBias(Site site, Span<float> destination)
    {
        if (!_byName.TryGetValue((site.Whole ?? site).Path + ".bias", out var bias))
        {
            return false;
        }

        RequireLength(site, site.OutFeatures, destination);
        Read(bias, site.FirstRow, destination);
        return true;
    }

    private static void RequireLength(Site site, long expected, Span<float> destination)
    {
        if (destination.Length != expected)
        {
            throw new ArgumentException(
                $"BaseWeights of '{site.Path}': destination: expected {expected} elements, got {destination.Length}.", nameof(destination));
        }
    }

    private static void Read<T>(WeightReference weight, long first, Span<T> destination)
        where T : unmanaged
    {
        using var open = new OpenWeight(weight);
        open.Read(first, destination);
    }

    private WeightReference Find(Site site, string name) =>
        _byName.GetValueOrDefault(name)
            ?? throw new ArgumentException($"The site '{site.Path}' has no weight of [{site.WeightRows}, {site.WeightColumns}].", nameof(site));

    private void ReadBlocks(string path, BlockFormat format, int firstRow, int columns, Span<float> destination)
    {
        var (codes, scales) = (_byName[BlockNames.Codes(path)], _byName[BlockNames.Scales(path)]);
        var zeroPoints = _byName.GetValueOrDefault(BlockNames.ZeroPoints(path));
        var perRow = (int)scales.Shape[1];
        var (code, zero) = (new byte[codes.Bytes / codes.Shape[0]], new byte[(zeroPoints?.Bytes ?? 0) / codes.Shape[0]]);
        var (scale, zeros, groups) = (new float[perRow], new float[perRow], Groups(path));
        using var codeRows = new OpenWeight(codes);
        using var scaleRows = new OpenWeight(scales);
        using var zeroRows = zeroPoints is null ? null : new OpenWeight(zeroPoints);
        for (var done = 0; done < destination.Length / columns; done++)
        {
            var row = (long)firstRow + done;
            codeRows.Read(row * code.Length, code.AsSpan());
            scaleRows.Read(row * perRow, scale.AsSpan());
            zeroRows?.Read(row * zero.Length, zero.AsSpan());
            BlockDecoder.DecodeZeros(format.Bits, zeroPoints?.Type, zero, zeros);
            BlockDecoder.Decode(format.Bits, format.BlockSize, code, scale, zeros, groups, destination.Slice(done * columns, columns));
        }
    }

    private int[] Groups(string path)
    {
        if (!_byName.TryGetValue(BlockNames.Groups(path), out var weight))
        {
            return [];
        }

        var groups = new int[weight.Bytes / sizeof(int)];
        Read(weight, 0, groups.AsSpan());
        return groups;
    }

    private sealed class OpenWeight(WeightReference weight) : IDisposable
    {
        private readonly SafeFileHandle _file = File.OpenHandle(weight.Path);

        public void Read<T>(long first, Span<T> destination)
            where T : unmanaged
        {
            var bytes = MemoryMarshal.AsBytes(destination);
            var offset = weight.Offset + (first * Unsafe.SizeOf<T>());
            for (var done = 0; done < bytes.Length;)
            {
                var read = RandomAccess.Read(_file, bytes[done..], offset + done);
                done += read > 0 ? read : throw new EndOfStreamException($"'{weight.Path}' was cut short after the import.");
            }
        }

        public void Dispose() => _file.Dispose();
    }
}
