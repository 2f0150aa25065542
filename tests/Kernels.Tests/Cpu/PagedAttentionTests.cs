using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed unsafe class PagedAttentionTests
{
    [Theory]
    [InlineData(1, 1, 16, 16, 16)]
    [InlineData(14, 2, 64, 16, 64)]
    [InlineData(8, 2, 128, 32, 128)]
    [InlineData(3, 3, 20, 7, 10)]
    [InlineData(6, 2, 1, 5, 0)]
    [InlineData(5, 1, 33, 1, 32)]
    [InlineData(4, 2, 80, 24, 20)]
    [InlineData(40, 1, 8, 16, 8)]
    public void Mixed_prefill_and_decode_equal_the_reference(int heads, int kvHeads, int headSize, int blockSize, int rotaryDims)
    {
        (int, int)[] sequences = [(0, 1), (0, 37), (130, 1), (17, 5), (127, 2), (255, 1), (0, 0), (128, 3)];
        using var kernel = Case(heads, kvHeads, headSize, blockSize, rotaryDims, sequences).Run();
        using var reference = Case(heads, kvHeads, headSize, blockSize, rotaryDims, sequences).RunReference();
        AssertClose(reference, kernel, 256);
    }

    [Fact]
    public void Contexts_of_several_spans_equal_the_reference()
    {
        (int, int)[] sequences = [(1100, 1), (510, 4), (1535, 1)];
        using var kernel = Case(14, 2, 32, 16, 32, sequences, window: 700).Run(new ThreadParallel(2));
        using var reference = Case(14, 2, 32, 16, 32, sequences, window: 700).RunReference();
        AssertClose(reference, kernel, 700);
    }

    [Fact]
    public void Any_number_of_heads_of_a_group_equals_the_reference()
    {
        for (var group = 1; group <= 9; group++)
        {
            (int, int)[] sequences = [(75, 1), (0, 19)];
            using var kernel = Case(2 * group, 2, 32, 16, 32, sequences).Run();
            using var reference = Case(2 * group, 2, 32, 16, 32, sequences).RunReference();
            AssertClose(reference, kernel, 76);
        }
    }

    [Fact]
    public void Every_head_size_equals_the_reference()
    {
        foreach (var headSize in (int[])[.. Enumerable.Range(1, 18), 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 192, 256])
        {
            (int, int)[] sequences = [(20, 1), (0, 18)];
            using var kernel = Case(4, 2, headSize, 16, headSize & -2, sequences).Run();
            using var reference = Case(4, 2, headSize, 16, headSize & -2, sequences).RunReference();
            AssertClose(reference, kernel, 38);
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(5, 0)]
    [InlineData(130, 0)]
    [InlineData(0, 30)]
    [InlineData(40, 2)]
    public void A_window_and_a_soft_cap_equal_the_reference(int window, float cap)
    {
        (int, int)[] sequences = [(0, 40), (290, 1), (100, 33)];
        using var kernel = Case(4, 2, 48, 16, 48, sequences, window, cap).Run();
        using var reference = Case(4, 2, 48, 16, 48, sequences, window, cap).RunReference();
        AssertClose(reference, kernel, 300);
    }

    [Fact]
    public void Keys_in_the_cache_are_the_rotated_keys()
    {
        using var kernel = Case(2, 1, 64, 16, 64, [(3, 20)]).Run();
        using var reference = Case(2, 1, 64, 16, 64, [(3, 20)]).RunReference();
        Assert.Equal(reference.Keys.Length, kernel.Keys.Length);
        for (var i = 0; i < kernel.Keys.Length; i++)
        {
            Assert.Equal(float.IsNaN(reference.Keys[i]), float.IsNaN(kernel.Keys[i]));
            Assert.True(float.IsNaN(kernel.Keys[i]) || Math.Abs(reference.Keys[i] - kernel.Keys[i]) <= Tolerances.Chain(3, 2));
        }
    }

    [Fact]
    public void A_rotation_that_lags_behind_equals_the_reference_and_changes_no_neighbour()
    {
        (int, int)[] sequences = [(12, 9), (70, 1), (0, 20)];
        using var kernel = Offset(sequences, [12, 0, 0]).Run();
        using var reference = Offset(sequences, [12, 0, 0]).RunReference();
        using var without = Offset(sequences, null).Run();
        AssertClose(reference, kernel, 71);
        Assert.NotEqual(without.Rows(0), kernel.Rows(0));
        Assert.Equal(without.Rows(1), kernel.Rows(1));
        Assert.Equal(without.Rows(2), kernel.Rows(2));
    }

    [Fact]
    public void Offsets_of_zero_have_the_bits_of_no_offsets()
    {
        (int, int)[] sequences = [(12, 9), (70, 1)];
        using var zeros = Offset(sequences, [0, 0]).Run();
        using var without = Offset(sequences, null).Run();
        Assert.Equal(without.Output, zeros.Output);
        Assert.Equal(without.Keys, zeros.Keys);
    }

    [Theory]
    [InlineData(-1, "sequence length must be in [0, 6)")]
    [InlineData(-6, "rotary_offsets must be in [-5, 4)")]
    [InlineData(4, "rotary_offsets must be in [-5, 4)")]
    public void A_rotation_outside_of_the_tables_is_refused(int offset, string message)
    {
        using var attention = Offset([(3, 2)], [offset]);
        var error = Assert.Throws<ArgumentException>(() => attention.Run());
        Assert.StartsWith("PagedAttention: " + message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_negative_offset_takes_rows_further_down_the_tables()
    {
        (int, int)[] sequences = [(12, 9), (70, 1), (0, 20)];
        using var kernel = Offset(sequences, [-40, 0, -51]).Run();
        using var reference = Offset(sequences, [-40, 0, -51]).RunReference();
        using var without = Offset(sequences, null).Run();
        AssertClose(reference, kernel, 71);
        Assert.NotEqual(without.Rows(0), kernel.Rows(0));
        Assert.Equal(without.Rows(1), kernel.Rows(1));
    }

    [Theory]
    [InlineData(14, 2, 64, 16, 64)]
    [InlineData(3, 3, 20, 7, 10)]
    [InlineData(8, 8, 128, 32, 128)]
    public void A_cache_in_bf16_equals_the_reference_over_rounded_keys_and_values(int heads, int kvHeads, int headSize, int blockSize, int rotaryDims)
    {
        (int, int)[] sequences = [(0, 1), (0, 37), (130, 1), (17, 5), (600, 2), (128, 3)];
        AttentionCase Make(KvType type) => new()
        {
            Heads = heads, KvHeads = kvHeads, HeadSize = headSize, BlockSize = blockSize, RotaryDims = rotaryDims, Sequences = sequences, CacheType = type,
        };
        using var kernel = Make(KvType.BF16).Run(new ThreadParallel(2));
        using var reference = Make(KvType.BF16).RunReference();
        using var exact = Make(KvType.F32).Run();
        AssertClose(reference, kernel, 602, Tolerances.RoundedKey(headSize));
        Assert.NotEqual(exact.Output, kernel.Output);
    }

    [Theory]
    [InlineData(14, 2, 64, 16, 64)]
    [InlineData(3, 3, 20, 7, 10)]
    [InlineData(8, 8, 128, 32, 128)]
    [InlineData(40, 1, 48, 5, 0)]
    public void A_cache_in_int8_equals_the_reference_over_rounded_keys_and_values(int heads, int kvHeads, int headSize, int blockSize, int rotaryDims)
    {
        (int, int)[] sequences = [(0, 1), (0, 37), (130, 1), (17, 5), (600, 2), (128, 3)];
        using var kernel = Int8(heads, kvHeads, headSize, blockSize, rotaryDims, sequences).Run(new ThreadParallel(2));
        using var reference = Int8(heads, kvHeads, headSize, blockSize, rotaryDims, sequences).RunReference();
        AssertClose(reference, kernel, 602, Tolerances.RoundedInt8Key(headSize));
    }

    [Fact]
    public void Old_keys_and_values_in_int8_are_read_exactly_with_windows_and_caps()
    {
        // One new position of a thousand: how it rounds does not show.
        (int, int)[] sequences = [(1100, 1), (999, 1)];
        AttentionCase Make() => new() { Heads = 7, KvHeads = 1, HeadSize = 64, Window = 900, SoftCap = 20, Sequences = sequences,
            CacheType = KvType.Int8 };
        using var kernel = Make().Run();
        using var reference = Make().RunReference();
        AssertClose(reference, kernel, 900);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(128)]
    public void Attention_over_int8_stays_within_its_bound_of_that_over_f32(int headSize)
    {
        AttentionCase Make(KvType type) => new() { Heads = 6, KvHeads = 2, HeadSize = headSize, RotaryDims = headSize, Sequences = [(0, 150)],
            CacheType = type };
        using var kernel = Make(KvType.Int8).Run();
        using var exact = Make(KvType.F32).Run();
        AssertClose(exact, kernel, 150, Tolerances.Int8Cache(headSize));
        Assert.NotEqual(exact.Output, kernel.Output);
    }

    [Fact]
    public void A_row_in_int8_is_its_integers_and_the_scale_behind_them()
    {
        float[] heads = [.. Enumerable.Range(-20, 40).Select(i => i / 10f), .. new float[40], .. Enumerable.Repeat(1e-38f, 40)];
        heads[41] = -127;
        heads[42] = 63.5f;
        var cache = new sbyte[2 * 3 * 44];
        fixed (sbyte* pointer = cache)
        {
            KvRows.Write(KvType.Int8, heads, 40, pointer, slot: 1);
        }

        var rows = cache.Chunk(44).Select(row => (Codes: row[..40], Scale: BitConverter.ToSingle(Array.ConvertAll(row[40..],
            code => (byte)code)))).ToArray();
        Assert.All(rows[..3], row => Assert.Equal((0f, 0), (row.Scale, row.Codes.Count(code => code != 0))));
        Assert.Equal((2 / 127f, (sbyte)-127, (sbyte)121), (rows[3].Scale, rows[3].Codes[0], rows[3].Codes[39]));
        Assert.Equal((1f, (sbyte)-127, (sbyte)64), (rows[4].Scale, rows[4].Codes[1], rows[4].Codes[2]));
        Assert.Equal((0f, 0), (rows[5].Scale, rows[5].Codes.Count(code => code != 0)));
    }

    [Theory]
    [InlineData(KvType.BF16)]
    [InlineData(KvType.Int8)]
    public void A_prompt_cut_into_steps_has_the_bits_of_the_whole_in_fewer_bits_too(KvType type)
    {
        // The steps meet one another's keys in the cache: the second begins with what the first has written.
        using var whole = new AttentionCase { Heads = 6, KvHeads = 2, HeadSize = 32, Sequences = [(0, 100)], CacheType = type }.Run();
        var rows = new List<float>();
        foreach (var past in new[] { 0, 64 })
        {
            using var part = new AttentionCase { Heads = 6, KvHeads = 2, HeadSize = 32, Sequences = [(past, past == 0 ? 64 : 36)], CacheType = type,
                PutsAsStored = true }.Run();
            rows.AddRange(part.Output);
        }

        Assert.Equal(whole.Output, rows);
    }

    [Fact]
    public void A_rows_bits_in_int8_depend_neither_on_threads_nor_on_neighbours()
    {
        AttentionCase Make(params (int, int)[] sequences) => new() { Heads = 14, KvHeads = 2, HeadSize = 64, RotaryDims = 64, Sequences = sequences,
            CacheType = KvType.Int8 };
        using var alone = Make((1300, 1)).Run();
        for (var threads = 1; threads <= 8; threads++)
        {
            using var among = Make((1300, 1), (3, 40), (700, 1)).Run(new ThreadParallel(threads));
            Assert.Equal(alone.Output, among.Rows(0));
        }
    }

    private static AttentionCase Int8(int heads, int kvHeads, int headSize, int blockSize, int rotaryDims, (int, int)[] sequences) => new()
    {
        Heads = heads, KvHeads = kvHeads, HeadSize = headSize, BlockSize = blockSize, RotaryDims = rotaryDims, Sequences = sequences,
            CacheType = KvType.Int8,
    };

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void A_prompt_cut_into_steps_has_the_bits_of_the_whole(int step)
    {
        const int length = 200;
        using var whole = new AttentionCase { Heads = 6, KvHeads = 2, HeadSize = 32, BlockSize = 16, Sequences = [(0, length)] }.Run();
        for (var start = 0; start < length; start += step)
        {
            var count = Math.Min(step, length - start);
            using var part = new AttentionCase { Heads = 6, KvHeads = 2, HeadSize = 32, BlockSize = 16, Sequences = [(start, count)] }.Run();
            Assert.Equal(whole.Output[(start * 6 * 32)..((start + count) * 6 * 32)], part.Output);
        }
    }

    [Fact]
    public void A_sequence_has_the_same_bits_alone_and_among_any_neighbours()
    {
        (int, int)[] sequences = [(300, 1), (0, 50), (64, 9), (5, 1), (127, 1)];
        using var together = Case(14, 2, 64, 16, 64, sequences).Run();
        for (var b = 0; b < sequences.Length; b++)
        {
            using var alone = new AttentionCase
            {
                Heads = 14, KvHeads = 2, HeadSize = 64, BlockSize = 16, RotaryDims = 64, Sequences = [sequences[b]], Ids = [b],
            }.Run();
            Assert.Equal(alone.Output, together.Rows(b));
        }
    }

    [Fact]
    public void The_size_of_blocks_changes_no_bit()
    {
        (int, int)[] sequences = [(300, 1), (0, 50), (64, 9)];
        using var small = Case(4, 2, 24, 7, 24, sequences).Run();
        using var large = Case(4, 2, 24, 64, 24, sequences).Run();
        Assert.Equal(small.Output, large.Output);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(8, 1)]
    [InlineData(2, 120)]
    [InlineData(4, 3)]
    public void Threads_change_no_bit_even_where_one_sequence_is_split(int threads, int added)
    {
        var parallel = new ThreadParallel(threads);
        (int, int)[] sequences = [(1100, added), (3, 1), (260, 1)];
        using var one = Case(8, 2, 32, 16, 32, sequences).Run();
        using var many = Case(8, 2, 32, 16, 32, sequences).Run(parallel);
        Assert.Equal(one.Output, many.Output);
        Assert.NotEqual(0, parallel.Calls);
    }

    [Fact]
    public void One_long_decode_is_shared_between_threads_and_merged()
    {
        var parallel = new ThreadParallel(2);
        using var one = Case(4, 1, 64, 16, 64, [(2000, 1)]).Run();
        using var many = Case(4, 1, 64, 16, 64, [(2000, 1)]).Run(parallel);
        Assert.Equal(one.Output, many.Output);
        Assert.Equal(2, parallel.Calls);
    }

    public static TheoryData<string, Action<AttentionPointers>> Faults { get; } = new()
    {
        { "block_table must be in [0, 6), got 6", p => p.BlockTable[0] = 6 },
        { "block_table must be in [0, 6), got -1", p => p.BlockTable[1] = -1 },
        { "past_sequence_lengths must be in", p => p.PastLengths[0] = -1 },
        { "sequence length must be in", p => p.PastLengths[0] = 60 },
        { "cumulative_sequence_lengths must be in", p => p.CumulativeLengths[1] = -3 },
        { "cumulative_sequence_lengths must be in", p => p.CumulativeLengths[2] = 1 << 30 },
        { "first cumulative_sequence_lengths must be 0, got 1", p => p.CumulativeLengths[0] = 1 },
        { "last cumulative_sequence_lengths must be 3, got 2", p => p.CumulativeLengths[2] = 2 },
    };

    [Theory]
    [MemberData(nameof(Faults), DisableDiscoveryEnumeration = true)]
    public void What_does_not_fit_is_refused_before_anything_is_written(string message, Action<AttentionPointers> damage)
    {
        using var attention = Case(2, 1, 8, 16, 8, [(20, 2), (0, 1)]);
        attention.Execute((in PagedAttentionArguments a) =>
        {
            damage(new AttentionPointers(a.BlockTable, a.CumulativeLengths, a.PastLengths));
            var before = new ReadOnlySpan<int>(a.KeyCache, 6 * 16 * 8).ToArray();
            var arguments = a;
            var error = Assert.Throws<ArgumentException>(() => PagedAttention.Run(arguments, null, new SerialParallel()));
            Assert.StartsWith("PagedAttention: " + message, error.Message, StringComparison.Ordinal);
            Assert.Equal(before, new ReadOnlySpan<int>(a.KeyCache, 6 * 16 * 8).ToArray());
        });
    }

    private static AttentionCase Offset((int Past, int New)[] sequences, int[]? offsets) => new()
    {
        Heads = 4, KvHeads = 2, HeadSize = 32, RotaryDims = 32, Sequences = sequences, Offsets = offsets,
    };

    private static AttentionCase Case(int heads, int kvHeads, int headSize, int blockSize, int rotaryDims, (int Past, int New)[] sequences, int window = 0, float cap = 0) => new()
    {
        Heads = heads,
        KvHeads = kvHeads,
        HeadSize = headSize,
        BlockSize = blockSize,
        RotaryDims = rotaryDims,
        Sequences = sequences,
        Window = window,
        SoftCap = cap,
    };

    private static void AssertClose(AttentionCase expected, AttentionCase actual, int context, double more = 0)
    {
        var tolerance = Tolerances.Attention(expected.HeadSize, context, expected.LogitMagnitude) + more;
        for (var i = 0; i < expected.Output.Length; i++)
        {
            Assert.True(Math.Abs(expected.Output[i] - actual.Output[i]) <= tolerance, $"at {i}: {expected.Output[i]} and {actual.Output[i]}, allowed {tolerance}");
        }
    }
}
