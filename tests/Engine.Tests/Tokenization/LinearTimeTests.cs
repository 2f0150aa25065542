using System.Diagnostics;
using System.Text;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.Tokenization;

/// <summary>A mebibyte of one thing must not take longer than it is long.</summary>
public sealed class LinearTimeTests
{
    /// <summary>Measured: 0.1 to 1.3 s on a shared machine of two cores. What is quadratic takes minutes.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public static TheoryData<string> Families => [.. FamilyFolders.Names.Where(name => !name.StartsWith('/'))];

    [Theory]
    [MemberData(nameof(Families))]
    public void A_mebibyte_of_one_thing_is_encoded_in_seconds(string family)
    {
        Tokenizer tokenizer = Tokenizer.Load(FamilyFolders.Model(family));
        foreach (string unit in (string[])["a", " ", "\U0001F600", "\u0301", "\n", "1", "'", "a ", " \n", "\u6587", "<|", "</s>", "\u1112\u1161\u11AB"])
        {
            string text = string.Concat(Enumerable.Repeat(unit, (1 << 20) / Encoding.UTF8.GetByteCount(unit)));
            var clock = Stopwatch.StartNew();
            _ = tokenizer.Encode(text, addSpecialTokens: false);
            Assert.True(clock.Elapsed < Limit, $"{clock.Elapsed} for {unit}");
        }
    }
}
