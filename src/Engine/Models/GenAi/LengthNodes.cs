namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// Nodes that count tokens: nothing of them is left in our graph, but what they compute must be what the attention is told otherwise.
/// </summary>
internal static class LengthNodes
{
    public static void Translate(GraphScope scope, GraphNode node)
    {
        if (scope.Value(node, 0) is not LengthTerm term || Next(scope, node, term.Kind) is not { } kind)
        {
            throw node.Refused("computes something else than the length of the sequences");
        }

        scope.Set(node.Output, new LengthTerm(kind));
    }

    private static LengthKind? Next(GraphScope scope, GraphNode node, LengthKind kind)
    {
        switch (node.Operator, kind)
        {
            case ("Cast", _):
                _ = node.Integer("to", 0);
                return kind;
            case ("ReduceSum", LengthKind.Mask):
                return node.Integer("keepdims", 1) == 0 && Operand(scope, node) == 1 ? LengthKind.Tokens : null;
            case ("Sub", LengthKind.Tokens):
                return Operand(scope, node) == 1 ? LengthKind.TokensLessOne : null;
            case ("Shape", LengthKind.Mask):
                return LengthKind.MaskShape;
            case ("Gather", LengthKind.MaskShape):
                node.Expect("axis", 0, fallback: 0);
                return Operand(scope, node) == 1 ? LengthKind.LongestTokens : null;
            case ("Greater", LengthKind.LongestTokens):
                scope.FirstContextTokens = (int)Math.Clamp(Operand(scope, node), 1, int.MaxValue);
                return LengthKind.IsBeyondFirstContext;
            default:
                return null;
        }
    }

    private static long Operand(GraphScope scope, GraphNode node) =>
        scope.Tensor(node, 1).Integers() is [var value] ? value : throw node.Refused("reads no single number");
}
