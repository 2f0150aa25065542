using System.Text.Json;
using AdapterServe.Engine.Guided.Grammars;

namespace AdapterServe.Engine.Guided;

/// <summary>
/// What an answer must look like → the automaton that holds a model to it. <b>Effects</b>: pure; its time is bounded by the sizes that it refuses.
/// <b>Errors</b>: <see cref="GuideException"/>.
/// </summary>
public static class GuideCompiler
{
    /// <summary>Most characters of a schema, an expression or a grammar.</summary>
    public const int MaxCharacters = 256 << 10;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static GuideAutomaton Compile(GuideKind kind, string text, GuideVocabulary vocabulary)
    {
        if (text.Length > MaxCharacters)
        {
            throw new GuideException($"It has {text.Length} characters; at most {MaxCharacters} are taken.");
        }

        var builder = new ByteGraphBuilder();
        var root = builder.NewRule();
        try
        {
            Emit(kind, text, builder, root);
        }
        catch (JsonException e)
        {
            throw new GuideException($"It is no JSON text: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            // What the framework reports for half of a surrogate pair, once the text is asked for.
            throw new GuideException("It holds text that is not valid Unicode.");
        }

        return new GuideAutomaton(builder.Build(root, vocabulary.HasByte), vocabulary);
    }

    private static void Emit(GuideKind kind, string text, ByteGraphBuilder builder, int root)
    {
        switch (kind)
        {
            case GuideKind.Regex:
                builder.Emit(RegexParser.ParseWhole(text), builder.StartOf(root), builder.EndOf(root));
                break;
            case GuideKind.Grammar:
                GrammarParser.Emit(text, builder, root);
                break;
            case GuideKind.JsonSchema:
                using (var schema = JsonDocument.Parse(text, Strict))
                {
                    new JsonSchemaGrammar(builder, schema.RootElement).Emit(root);
                }

                break;
            case GuideKind.Calls:
                using (var calls = JsonDocument.Parse(text, Strict))
                {
                    CallsGrammar.Emit(builder, calls.RootElement, root);
                }

                break;
            default:
                using (var choices = JsonDocument.Parse(text, Strict))
                {
                    foreach (var choice in choices.RootElement.EnumerateArray())
                    {
                        builder.Text(builder.StartOf(root), choice.GetString()!, builder.EndOf(root));
                    }
                }

                break;
        }
    }
}
