namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// What a graph does to its logits behind the head: times a factor, then capped, or one of the two. The engine does the same to the logits of tokens that adapters add.
/// </summary>
internal sealed class LogitTail
{
    private readonly List<(string Operator, float? Number)> _steps = [];

    /// <summary>Multiplies the logits.</summary>
    public float Scale => _steps is [("Mul", { } factor), ..] ? factor : 1;

    /// <summary>c in c · tanh(logit / c); 0 for none.</summary>
    public float Cap => _steps is [.., ("Div", { } cap), ("Tanh", null), ("Mul", _)] ? cap : 0;

    /// <summary>Whether it is nothing else.</summary>
    public bool IsKnown => _steps switch
    {
        [] or [("Mul", not null)] => true,
        [("Div", { } cap), ("Tanh", null), ("Mul", { } again)] => cap == again && cap > 0,
        [("Mul", not null), ("Div", { } cap), ("Tanh", null), ("Mul", { } again)] => cap == again && cap > 0,
        _ => false,
    };

    public void Add(string step, float? number) => _steps.Add((step, number));
}
