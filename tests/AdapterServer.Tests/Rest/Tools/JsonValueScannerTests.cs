using System.Text.Json;
using AdapterServe.AdapterServer.Rest.Tools;

namespace AdapterServe.AdapterServer.Tests.Rest.Tools;

public sealed class JsonValueScannerTests
{
    private const string Whole = """{"a": [1, -0.5e+3, true, false, null, "x\n\u00e9\"\\"], "": {}, "b": {"c": []}, "d": [[0], 10, 2E5, {"e": " "}]}""";

    [Fact]
    public void A_value_ends_with_its_last_character_and_not_before() => Assert.Equal(Whole.Length, Length(Whole + "}"));

    /// <summary>The framework's reader is the judge: a text is a whole value where the scanner says so, and its beginning where nothing is wrong yet.</summary>
    [Fact]
    public void Changed_texts_are_judged_as_the_framework_judges_them()
    {
        var random = new Random(3);
        const string characters = "{}[]\",:\\ 0123456789.eE+-truefalsn\n\tu/\u0001";
        var whole = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var text = Whole.ToCharArray();
            for (var changes = random.Next(1, 3); changes > 0; changes--)
            {
                text[random.Next(1, text.Length)] = characters[random.Next(characters.Length)];
            }

            var changed = new string(text);
            var length = Length(changed);
            Assert.Equal(IsJson(changed), length == changed.Length);
            whole += length == changed.Length ? 1 : 0;
        }

        Assert.InRange(whole, 100, 19_000);
    }

    [Fact]
    public void Nesting_is_bounded()
    {
        Assert.Equal(128, Length(new string('[', 64) + new string(']', 64)));
        Assert.Equal(-1, Length(new string('[', 65) + new string(']', 65)));
    }

    /// <summary>How long the value at the beginning is; -1 where there is none, 0 where it does not end.</summary>
    private static int Length(string text)
    {
        var scanner = new JsonValueScanner();
        for (var i = 0; i < text.Length; i++)
        {
            var result = scanner.Push(text[i]);
            if (result != ScanResult.More)
            {
                return result == ScanResult.Done ? i + 1 : -1;
            }
        }

        return 0;
    }

    private static bool IsJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
