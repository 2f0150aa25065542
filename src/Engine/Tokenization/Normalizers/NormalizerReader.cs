using System.Text;
using System.Text.Json;
using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Tokenization.Normalizers;

internal static class NormalizerReader
{
    public static INormalizer Read(JsonElement json) => json.TextOf("type") switch
    {
        "Sequence" => new SequenceNormalizer([.. json.Required("normalizers").Items("normalizers").Select(Read)]),
        "NFC" => new UnicodeFormNormalizer(NormalizationForm.FormC),
        "NFD" => new UnicodeFormNormalizer(NormalizationForm.FormD),
        "NFKC" => new UnicodeFormNormalizer(NormalizationForm.FormKC),
        "NFKD" => new UnicodeFormNormalizer(NormalizationForm.FormKD),
        "Lowercase" => new LowercaseNormalizer(),
        "BertNormalizer" => Bert(json),
        "StripAccents" => new StripAccentsNormalizer(),
        "Nmt" => new NmtNormalizer(),
        "Precompiled" => new PrecompiledNormalizer(PrecompiledCharsmap.Read(json.TextOf("precompiled_charsmap"))),
        "ByteLevel" => new ByteLevelNormalizer(),
        "Prepend" => new PrependNormalizer(json.TextOf("prepend")),
        "Replace" => new ReplaceNormalizer(TextPattern.Read(json.Required("pattern")), json.TextOf("content")),
        "Strip" => new StripNormalizer(json.Flag("strip_left", true), json.Flag("strip_right", true)),
        var type => throw new TokenizerException($"The normalizer \"{type}\" is not supported."),
    };

    private static BertNormalizer Bert(JsonElement json)
    {
        bool lowercase = json.Flag("lowercase", true);
        return new BertNormalizer(json.Flag("clean_text", true), json.Flag("handle_chinese_chars", true), json.Flag("strip_accents", lowercase), lowercase);
    }
}
