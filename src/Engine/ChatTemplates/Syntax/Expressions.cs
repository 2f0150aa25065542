namespace AdapterServe.Engine.ChatTemplates.Syntax;

/// <summary>A node of an expression's tree.</summary>
internal abstract record Expression;

internal sealed record Literal(object? Value) : Expression;

internal sealed record NameReference(string Name) : Expression;

internal sealed record ListLiteral(Expression[] Items, bool IsTuple) : Expression;

internal sealed record DictLiteral((Expression Key, Expression Value)[] Items) : Expression;

internal sealed record AttributeAccess(Expression Target, string Name) : Expression;

internal sealed record ItemAccess(Expression Target, Expression Key) : Expression;

internal sealed record SliceAccess(Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression;

internal sealed record Call(Expression Target, Arguments Arguments) : Expression;

internal sealed record FilterApplication(Expression Target, string Name, Arguments Arguments) : Expression;

internal sealed record TestApplication(Expression Target, string Name, Arguments Arguments, bool Negated) : Expression;

internal sealed record Unary(string Operator, Expression Operand) : Expression;

internal sealed record Binary(string Operator, Expression Left, Expression Right) : Expression;

/// <summary>a &lt; b in c …: each link is compared with its right neighbour, each operand evaluated once.</summary>
internal sealed record Comparison(Expression First, (string Operator, Expression Right)[] Links) : Expression;

internal sealed record Conditional(Expression Test, Expression WhenTrue, Expression? WhenFalse) : Expression;

/// <param name="Positional">By place.</param>
/// <param name="Named">By name.</param>
/// <param name="MorePositional">A list of further ones (<c>*list</c>).</param>
/// <param name="MoreNamed">A mapping of further ones (<c>**mapping</c>).</param>
internal sealed record Arguments(Expression[] Positional, (string Name, Expression Value)[] Named, Expression? MorePositional = null, Expression? MoreNamed = null)
{
    public static readonly Arguments None = new([], []);
}
