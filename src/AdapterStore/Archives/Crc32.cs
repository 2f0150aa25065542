namespace AdapterServe.AdapterStore.Archives;

/// <summary>CRC-32 as zip has it (polynomial 0x04C11DB7, reflected), eight bytes a step. <b>Source</b>: slicing-by-8, Kounavis and Berry.</summary>
internal sealed class Crc32
{
    private static readonly uint[][] Tables = MakeTables();
    private uint _state = uint.MaxValue;

    public uint Value => ~_state;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        var crc = _state;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var low = crc ^ (uint)(bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24));
            crc = Tables[7][low & 0xFF] ^ Tables[6][(low >> 8) & 0xFF] ^ Tables[5][(low >> 16) & 0xFF] ^ Tables[4][low >> 24]
                ^ Tables[3][bytes[4]] ^ Tables[2][bytes[5]] ^ Tables[1][bytes[6]] ^ Tables[0][bytes[7]];
        }

        foreach (var b in bytes)
        {
            crc = (crc >> 8) ^ Tables[0][(byte)(crc ^ b)];
        }

        _state = crc;
    }

    private static uint[][] MakeTables()
    {
        const uint Reflected = 0xEDB88320;
        var tables = Enumerable.Range(0, 8).Select(_ => new uint[256]).ToArray();
        for (var i = 0u; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ Reflected : crc >> 1;
            }

            tables[0][i] = crc;
        }

        for (var i = 0; i < 256; i++)
        {
            for (var slice = 1; slice < 8; slice++)
            {
                var before = tables[slice - 1][i];
                tables[slice][i] = (before >> 8) ^ tables[0][before & 0xFF];
            }
        }

        return tables;
    }
}
