using AdapterServe.Engine.Guided;

namespace AdapterServe.Engine.Tests.Guided;

public sealed class GuideMaskTests
{
    private const string Tree = """{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"id":{"type":"integer"},"children":{"type":"array","items":{"$ref":"#/$defs/node"}}},"required":["id"]}}}""";

    [Theory]
    [InlineData(GuideKind.Regex, "(ab|a|abc)*(語|[0-9]{1,4})x?")]
    [InlineData(GuideKind.JsonSchema, Tree)]
    [InlineData(GuideKind.JsonSchema, "true")]
    [InlineData(GuideKind.Grammar, "root ::= \"a\" root \"ab\" | \"é\" | [0-9]+")]
    [InlineData(GuideKind.Choice, """["name","names","n"]""")]
    public void A_mask_is_what_trying_every_token_gives(GuideKind kind, string text)
    {
        var automaton = GuideWalk.Compile(kind, text);
        var random = new Random(5);
        for (var walk = 0; walk < 20; walk++)
        {
            var state = automaton.Start;
            for (var i = 0; i < 40; i++)
            {
                int[] allowed = [.. GuideWalk.Allowed(automaton.MaskOf(state))];
                Assert.Equal(Enumerable.Range(0, GuideWalk.Vocabulary.Size).Where(id => MayCome(automaton, state, id)), allowed);
                if (allowed.Length == 0)
                {
                    Assert.True(state.IsAccepting);
                    break;
                }

                state = After(automaton, state, allowed[random.Next(allowed.Length)]);
            }
        }
    }

    [Fact]
    public void What_is_remembered_is_bounded_and_found_again()
    {
        var automaton = GuideWalk.Compile(GuideKind.Grammar, "root ::= \"(\" root \")\" root | [a-z]*");
        var state = automaton.Start;
        for (var i = 0; i < 200_000; i++)
        {
            state = automaton.After(state, (byte)'(');
            if (i % 1000 == 0)
            {
                Assert.True(MayCome(automaton, state, ')'));
                Assert.Contains((int)')', GuideWalk.Allowed(automaton.MaskOf(state)));
            }
        }

        Assert.True(automaton.States * 200L < GuideAutomaton.MaxBytes * 2);
        Assert.True(GuideWalk.Accepts(automaton, "(a)((c)b)d"));
        Assert.False(GuideWalk.Accepts(automaton, "(a)((c)bd"));
    }

    [Theory]
    [InlineData("root ::= root \"a\" | \"a\"", "left recursion")]
    [InlineData("root ::= (\"b\")? other | \"c\"\nother ::= root", "left recursion")]
    [InlineData("root ::= other", "no rule 'other'")]
    [InlineData("other ::= \"a\"", "'root' or 'start'")]
    [InlineData("root ::= \"a\" root", "No text")]
    [InlineData("root ::= \"a", "closed")]
    [InlineData("%import common.WORD\nstart: WORD", "directives")]
    public void A_grammar_that_can_not_be_used_is_refused_with_the_reason(string grammar, string reason) =>
        Assert.Contains(reason, Assert.Throws<GuideException>(() => GuideWalk.Compile(GuideKind.Grammar, grammar)).Message, StringComparison.Ordinal);

    [Fact]
    public void Grammars_are_taken_in_both_notations()
    {
        const string Gbnf = "# a sum\nroot ::= number (\"+\" number)*\nnumber ::= [0-9]{1,3} | \"(\" root \")\"\n";
        const string Lark = "// a sum\n?start: number (\"+\" number)*\n\nnumber: /[0-9]{1,3}/\n  | \"(\" start \")\"\n";
        foreach (var grammar in new[] { Gbnf, Lark })
        {
            var automaton = GuideWalk.Compile(GuideKind.Grammar, grammar);
            Assert.True(GuideWalk.Accepts(automaton, "1+(22+333)+4"));
            Assert.False(GuideWalk.Accepts(automaton, "1+(22+3333)"));
            Assert.False(GuideWalk.Accepts(automaton, "1 + 2"));
        }
    }

    private static bool MayCome(GuideAutomaton automaton, GuideState state, int id) => GuideWalk.Vocabulary.BytesOf(id, false).Length > 0 && !After(automaton, state, id).IsDead;

    private static GuideState After(GuideAutomaton automaton, GuideState state, int id)
    {
        foreach (var value in GuideWalk.Vocabulary.BytesOf(id, false))
        {
            state = automaton.After(state, value);
        }

        return state;
    }
}
