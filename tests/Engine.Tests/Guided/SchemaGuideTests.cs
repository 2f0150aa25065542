using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AdapterServe.Engine.Guided;
using NJsonSchema;

namespace AdapterServe.Engine.Tests.Guided;

/// <summary>Schemas against a validator that knows nothing of the automaton.</summary>
public sealed partial class SchemaGuideTests
{
    [Fact]
    public async Task No_document_of_a_thousand_generated_schemas_is_invalid()
    {
        var (ended, all) = (0, 0);
        for (var seed = 0; seed < 1000; seed++)
        {
            var text = new GeneratedSchema(seed).Make().ToJsonString();
            var automaton = GuideWalk.Compile(GuideKind.JsonSchema, text);
            var validator = await JsonSchema.FromJsonAsync(text, TestContext.Current.CancellationToken);
            for (var i = 0; i < 3; i++)
            {
                all++;
                if (GuideWalk.Draw(automaton, new Random(seed + i)) is { } document)
                {
                    ended++;
                    Check(validator, text, document);
                }
            }
        }

        Assert.True(ended > all * 0.95, $"{ended} of {all} ended.");
    }

    [Theory]
    [InlineData("""{"type":"integer","minimum":-12,"maximum":105}""")]
    [InlineData("""{"type":"integer","exclusiveMinimum":99,"exclusiveMaximum":1001}""")]
    [InlineData("""{"type":"integer","maximum":-7,"minimum":-2000}""")]
    public void Integers_are_those_between_the_bounds(string schema)
    {
        var automaton = GuideWalk.Compile(GuideKind.JsonSchema, schema);
        var bounds = JsonNode.Parse(schema)!;
        var low = (int?)bounds["minimum"] ?? (int)bounds["exclusiveMinimum"]! + 1;
        var high = (int?)bounds["maximum"] ?? (int)bounds["exclusiveMaximum"]! - 1;
        for (var value = -2100; value < 2100; value++)
        {
            Assert.True((value >= low && value <= high) == GuideWalk.Accepts(automaton, $"{value}"), $"{value}");
        }

        Assert.All(["-0", "007", "1.0", "1e2", "", "-"], text => Assert.False(GuideWalk.Accepts(automaton, text)));
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["b"]}""", """{"b":""}""", """{"a": 1, "b":"x"}""", "{\n  \"a\": 1,\n  \"b\": \"\\u00e9\"\n}")]
    [InlineData("""{"const":{"x":[1,"é"]}}""", """{"x":[1,"é"]}""")]
    [InlineData("""{"allOf":[{"type":"object","properties":{"a":{"minimum":3}},"required":["a"]},{"properties":{"a":{"type":"integer","maximum":4}}}]}""", """{"a":3}""", """{"a":4}""")]
    [InlineData("""{"type":"array","prefixItems":[{"type":"null"},{"type":"boolean"}],"items":{"type":"integer"},"minItems":1}""", "[null]", "[null, true]", "[null,false,1,2]")]
    [InlineData("""{"type":"string","pattern":"b+"}""", "\"abba\"", "\"b\\n\"")]
    [InlineData("""{"oneOf":[{"type":"object","properties":{"k":{"const":"a"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"b"},"n":{"type":"null"}},"required":["k"]}]}""", """{"k":"a"}""", """{"k":"b","n":null}""")]
    [InlineData("""{"type":"string","nullable":true,"maxLength":1}""", "null", "\"😀\"")]
    [InlineData("true", "[1,{\"a\":[]}]", "-1.5e-3", "\"\\/\\ud7ff\"")]
    public void Documents_that_it_means_are_accepted(string schema, params string[] documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        var automaton = GuideWalk.Compile(GuideKind.JsonSchema, schema);
        Assert.All(documents, document => Assert.True(GuideWalk.Accepts(automaton, document), document));
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}""", "{}", """{"a":1.5}""", """{"a":1,"a":2}""", """{"b":1}""", """{"a":1,}""")]
    [InlineData("""{"type":"array","items":{"type":"null"},"maxItems":2}""", "[null,null,null]", "[null,]", "[", "[1]")]
    [InlineData("true", "01", "\"\\ud800\"", "\"\n\"", "nul", "1.", "{a:1}", "")]
    [InlineData("""{"type":"string","maxLength":2}""", "\"abc\"", "\"a\\u0062c\"")]
    [InlineData("""{"type":"string","format":"date"}""", "\"2023-02-29\"", "\"1900-02-29\"", "\"2024-13-01\"", "\"0000-01-01\"")]
    public void Documents_that_it_does_not_mean_are_not(string schema, params string[] documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        var automaton = GuideWalk.Compile(GuideKind.JsonSchema, schema);
        Assert.All(documents, document => Assert.False(GuideWalk.Accepts(automaton, document), document));
    }

    [Theory]
    [InlineData("""{"not":{"type":"null"}}""", "'not' at #")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","multipleOf":3}}}""", "'multipleOf' at #/properties/a")]
    [InlineData("""{"type":"array","uniqueItems":true}""", "'uniqueItems'")]
    [InlineData("""{"type":"object","patternProperties":{"a":true}}""", "'patternProperties'")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number"}]}""", "'oneOf'")]
    [InlineData("""{"type":"number","minimum":0.5}""", "'minimum'")]
    [InlineData("""{"type":"string","format":"iri"}""", "'format'")]
    [InlineData("""{"type":"string","pattern":"a","minLength":2}""", "'pattern'")]
    [InlineData("""{"allOf":[{"type":"object","properties":{"a":true},"additionalProperties":false},{"properties":{"b":true}}]}""", "'additionalProperties'")]
    [InlineData("""{"allOf":[{"$ref":"#/$defs/a"},{"type":"string"}],"$defs":{"a":{"not":{"const":"x"}}}}""", "'not'")]
    [InlineData("""{"anyOf":[{"$ref":"#"},{"type":"null"}]}""", "left recursion")]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/a"},{"type":"object"}]}}}""", "without end")]
    [InlineData("""{"$ref":"http://example.com/a"}""", "'$ref'")]
    [InlineData("""{"$ref":"#/$defs/b"}""", "does not have")]
    [InlineData("""{"type":"object","properties":{"n":{"$ref":"#"}},"required":["n"]}""", "No text")]
    [InlineData("""{"type":"wrong"}""", "is no type")]
    [InlineData("""{"type":"integer","type":"null"}""", "no JSON text")]
    [InlineData("false", "No text")]
    [InlineData("3", "which # is not")]
    [InlineData("""{"const":"\ud800"}""", "valid Unicode")]
    [InlineData("""{"allOf":[{"properties":1},{"properties":2}]}""", "'properties' at #")]
    [InlineData("""{"allOf":[{"required":["a"]},{"required":[7]}]}""", "'required' at #")]
    [InlineData("""{"anyOf":[],"type":"null"}""", "'anyOf' at #")]
    [InlineData("{", "no JSON text")]
    public void What_can_not_be_held_to_is_refused_by_name(string schema, string reason) =>
        Assert.Contains(reason, Assert.Throws<GuideException>(() => GuideWalk.Compile(GuideKind.JsonSchema, schema)).Message, StringComparison.Ordinal);

    internal static void Check(JsonSchema validator, string schema, string document)
    {
        // JSON Schema counts characters, this validator UTF-16 units: one of those for each.
        document = AstralCharacter().Replace(document, "\u8A9E");
        using var parsed = JsonDocument.Parse(document, new JsonDocumentOptions { MaxDepth = 4000 });
        // The validator's reader turns what looks like a date into one unless told not to.
        using var reader = new Newtonsoft.Json.JsonTextReader(new StringReader(document)) { DateParseHandling = Newtonsoft.Json.DateParseHandling.None, MaxDepth = 4000 };
        var errors = validator.Validate(Newtonsoft.Json.Linq.JToken.ReadFrom(reader));
        Assert.True(errors.Count == 0, $"{schema}\n{document}\n{string.Join('\n', errors)}");
    }

    [GeneratedRegex("[\uD800-\uDBFF][\uDC00-\uDFFF]")]
    private static partial Regex AstralCharacter();
}
