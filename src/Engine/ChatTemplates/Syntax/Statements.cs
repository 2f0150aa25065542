namespace AdapterServe.Engine.ChatTemplates.Syntax;

/// <summary>A node of a template's tree.</summary>
internal abstract record Statement(int Line);

internal sealed record TextStatement(string Text, int Line) : Statement(Line);

internal sealed record OutputStatement(Expression Value, int Line) : Statement(Line);

internal sealed record IfStatement((Expression Test, Statement[] Body)[] Branches, Statement[] Else, int Line) : Statement(Line);

internal sealed record ForStatement(Target Target, Expression Items, Expression? Filter, bool Recursive, Statement[] Body, Statement[] Else, int Line) : Statement(Line);

internal sealed record SetStatement(Target Target, Expression Value, int Line) : Statement(Line);

/// <summary>The body's output, through the filters, becomes the value.</summary>
internal sealed record SetBlockStatement(Target Target, Statement[] Body, FilterApplication[] Filters, int Line) : Statement(Line);

internal sealed record FilterStatement(FilterApplication[] Filters, Statement[] Body, int Line) : Statement(Line);

internal sealed record MacroStatement(Macro Macro, int Line) : Statement(Line);

/// <summary>Calls a macro that gets the body as another one, <c>caller</c>.</summary>
internal sealed record CallStatement(Call Call, Macro Caller, int Line) : Statement(Line);

/// <param name="Name">Its name.</param>
/// <param name="Parameters">What it can be given.</param>
/// <param name="Body">What it runs.</param>
/// <param name="Mentions">Which of the names <c>varargs</c>, <c>kwargs</c> and <c>caller</c> occur in the body: it takes no more than it asks for.</param>
internal sealed record Macro(string Name, Parameter[] Parameters, Statement[] Body, string[] Mentions);

internal sealed record WithStatement((Target Target, Expression Value)[] Values, Statement[] Body, int Line) : Statement(Line);

/// <summary>Statements that stand for themselves in a scope of their own: the body of a generation block or of a named one.</summary>
internal sealed record BlockStatement(Statement[] Body, int Line) : Statement(Line);

internal sealed record LoopControlStatement(bool Break, int Line) : Statement(Line);

internal sealed record Parameter(string Name, Expression? Default);

/// <summary>What an assignment or loop fills: a name, an attribute of a namespace, or several names.</summary>
internal abstract record Target;

internal sealed record NameTarget(string Name) : Target;

internal sealed record AttributeTarget(string Namespace, string Attribute) : Target;

internal sealed record TupleTarget(Target[] Items) : Target;
