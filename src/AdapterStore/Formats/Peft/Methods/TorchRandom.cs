namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// PyTorch's CPU generator: places that a configuration names by a seed alone have to be drawn as PyTorch draws them.
/// <b>Source</b>: Matsumoto and Nishimura, "Mersenne Twister" (1998), MT19937; PyTorch, aten CPU randperm.
/// </summary>
internal sealed class TorchRandom
{
    private const int Size = 624;
    private const int Middle = 397;

    /// <summary>From here on PyTorch draws in another way.</summary>
    private const long MaxCount = uint.MaxValue / 20;

    private readonly uint[] _state = new uint[Size];
    private int _next = Size;

    public TorchRandom(long seed)
    {
        _state[0] = (uint)seed;
        for (var i = 1; i < Size; i++)
        {
            _state[i] = (1812433253u * (_state[i - 1] ^ (_state[i - 1] >> 30))) + (uint)i;
        }
    }

    public uint Next()
    {
        if (_next == Size)
        {
            Advance();
        }

        var y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C5680u;
        y ^= (y << 15) & 0xEFC60000u;
        return y ^ (y >> 18);
    }

    /// <summary>
    /// <b>Semantics</b>: <c>torch.randperm(count, generator)[:taken]</c>.
    /// <b>Errors</b>: Unservable <c>too_many_places</c> where PyTorch would draw 64 bits.
    /// </summary>
    public int[] Permutation(long count, int taken)
    {
        if (count >= MaxCount)
        {
            throw StoreErrors.Unservable("too_many_places", $"The adapter draws places among {count}; at most {MaxCount - 1} are served.");
        }

        // Only what the exchanges have moved is remembered: the first few of very many are wanted.
        var moved = new Dictionary<int, int>();
        var places = new int[taken];
        for (var i = 0; i < taken; i++)
        {
            var other = i < count - 1 ? i + (int)(Next() % (uint)(count - i)) : i;
            places[i] = moved.GetValueOrDefault(other, other);
            moved[other] = moved.GetValueOrDefault(i, i);
        }

        return places;
    }

    private void Advance()
    {
        for (var i = 0; i < Size; i++)
        {
            var y = (_state[i] & 0x80000000u) | (_state[(i + 1) % Size] & 0x7FFFFFFFu);
            _state[i] = _state[(i + Middle) % Size] ^ (y >> 1) ^ ((y & 1) == 0 ? 0 : 0x9908B0DFu);
        }

        _next = 0;
    }
}
