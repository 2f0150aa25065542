using AdapterServe.Engine.ChatTemplates.Syntax;

namespace AdapterServe.Engine.ChatTemplates;

/// <summary>Whether a template goes through a message's content part by part, or takes it for a string.</summary>
internal static class ContentForm
{
    /// <summary>True where some loop runs over <c>message.content</c>, or over a name that was set to it.</summary>
    public static bool TakesParts(Statement[] template)
    {
        Statement[] all = [.. template.SelectMany(Flatten)];
        HashSet<string> names = [.. all.OfType<SetStatement>()
            .Where(set => set.Target is NameTarget && IsContent(set.Value, []))
            .Select(set => ((NameTarget)set.Target).Name)];
        return all.OfType<ForStatement>().Any(loop => IsContent(loop.Items, names));
    }

    private static bool IsContent(Expression expression, HashSet<string> names) => expression switch
    {
        AttributeAccess { Name: "content" } => true,
        ItemAccess { Key: Literal { Value: "content" } } => true,
        NameReference name => names.Contains(name.Name),
        FilterApplication filter => IsContent(filter.Target, names),
        _ => false,
    };

    private static IEnumerable<Statement> Flatten(Statement statement) => Children(statement).SelectMany(Flatten).Prepend(statement);

    private static IEnumerable<Statement> Children(Statement statement) => statement switch
    {
        IfStatement choice => choice.Branches.SelectMany(branch => branch.Body).Concat(choice.Else),
        ForStatement loop => loop.Body.Concat(loop.Else),
        SetBlockStatement set => set.Body,
        FilterStatement filter => filter.Body,
        MacroStatement macro => macro.Macro.Body,
        CallStatement call => call.Caller.Body,
        WithStatement with => with.Body,
        BlockStatement block => block.Body,
        _ => [],
    };
}
