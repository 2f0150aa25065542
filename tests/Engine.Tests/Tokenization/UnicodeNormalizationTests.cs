using System.Text;
using AdapterServe.Engine.Tokenization.Normalizers;

namespace AdapterServe.Engine.Tests.Tokenization;

public sealed class UnicodeNormalizationTests
{
    // Source, NFC, NFD, NFKC, NFKD: rows of the Unicode consortium's NormalizationTest.txt and of Annex 15's figures.
    [Theory]
    [InlineData("\u1E0A", "\u1E0A", "D\u0307", "\u1E0A", "D\u0307")]
    [InlineData("\u1E0A\u0323", "\u1E0C\u0307", "D\u0323\u0307", "\u1E0C\u0307", "D\u0323\u0307")]
    [InlineData("D\u031B\u0307\u0323", "\u1E0C\u031B\u0307", "D\u031B\u0323\u0307", "\u1E0C\u031B\u0307", "D\u031B\u0323\u0307")]
    [InlineData("\u212B", "\u00C5", "A\u030A", "\u00C5", "A\u030A")]
    [InlineData("\uFB01", "\uFB01", "\uFB01", "fi", "fi")]
    [InlineData("2\u2075", "2\u2075", "2\u2075", "25", "25")]
    [InlineData("\u1E9B\u0323", "\u1E9B\u0323", "\u017F\u0323\u0307", "\u1E69", "s\u0323\u0307")]
    [InlineData("\uD55C\uAE00", "\uD55C\uAE00", "\u1112\u1161\u11AB\u1100\u1173\u11AF", "\uD55C\uAE00", "\u1112\u1161\u11AB\u1100\u1173\u11AF")]
    [InlineData("\u1112\u1161\u11AB", "\uD55C", "\u1112\u1161\u11AB", "\uD55C", "\u1112\u1161\u11AB")]
    [InlineData("\u0958", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165", "\U0001D157\U0001D165", "\U0001D157\U0001D165", "\U0001D157\U0001D165")]
    [InlineData("\u00A0x", "\u00A0x", "\u00A0x", " x", " x")]
    public void The_four_forms_of_known_texts(string source, string c, string d, string kc, string kd)
    {
        UnicodeNormalization normalization = UnicodeNormalization.Shared;
        Assert.Equal(c, normalization.Normalize(source, NormalizationForm.FormC));
        Assert.Equal(d, normalization.Normalize(source, NormalizationForm.FormD));
        Assert.Equal(kc, normalization.Normalize(source, NormalizationForm.FormKC));
        Assert.Equal(kd, normalization.Normalize(source, NormalizationForm.FormKD));
    }

    [Theory]
    [InlineData(NormalizationForm.FormC)]
    [InlineData(NormalizationForm.FormD)]
    [InlineData(NormalizationForm.FormKC)]
    [InlineData(NormalizationForm.FormKD)]
    public void Normalizing_twice_changes_nothing(NormalizationForm form)
    {
        var random = new Random(3);
        for (int round = 0; round < 500; round++)
        {
            string text = string.Concat(Enumerable.Range(0, 12).Select(_ => random.Next(3) == 0
                ? char.ConvertFromUtf32(random.Next(0x300, 0x370))
                : char.ConvertFromUtf32(random.Next(2) == 0 ? random.Next(0x20, 0x2000) : random.Next(0xE000, 0x20000))));
            string once = UnicodeNormalization.Shared.Normalize(text, form);
            Assert.Equal(once, UnicodeNormalization.Shared.Normalize(once, form));
        }
    }

    [Fact]
    public void A_lone_surrogate_and_a_hundred_thousand_marks_pass()
    {
        Assert.Equal("\uD800\u00E9", UnicodeNormalization.Shared.Normalize("\uD800e\u0301", NormalizationForm.FormC));
        string marks = "a" + string.Concat(Enumerable.Repeat("\u0301\u0323", 50_000));
        Assert.Equal("a" + new string('\u0323', 50_000) + new string('\u0301', 50_000), UnicodeNormalization.Shared.Normalize(marks, NormalizationForm.FormD));
    }
}
