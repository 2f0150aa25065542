using AdapterServe.Engine.ChatTemplates.Values;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>
/// Bounds what one rendering may spend, so that neither a template nor messages can hang the server or exhaust its memory.
/// </summary>
/// <param name="inputCharacters">Length of the messages and other inputs, which a template may copy several times.</param>
internal sealed class Budget(long inputCharacters)
{
    private const int MaxDepth = 250;
    private const long MaxSteps = 20_000_000;
    private const long FreeCharacters = 16L << 20;
    private const int CopiesOfInput = 24;

    private readonly long _maxCharacters = FreeCharacters + (CopiesOfInput * inputCharacters);
    private readonly long _maxAtOnce = FreeCharacters + (2 * inputCharacters);
    private long _steps;
    private long _characters;
    private int _depth;

    /// <summary>Counts a node evaluated or an item visited.</summary>
    public void Step(long count = 1)
    {
        if ((_steps += count) > MaxSteps)
        {
            throw new TemplateError("it takes too many steps");
        }
    }

    /// <summary>Counts a container that was just made.</summary>
    public void Admit(ContainerValue container)
    {
        if (!container.Measure())
        {
            return;
        }

        Step(container.Weight);
        if (container.Depth > MaxDepth)
        {
            throw new TemplateError("it nests lists too deeply");
        }
    }

    /// <summary>Counts text about to be made.</summary>
    public void Write(long characters)
    {
        if (characters > _maxAtOnce || (_characters += characters) > _maxCharacters)
        {
            throw new TemplateError("it makes too much text");
        }
    }

    public void Enter()
    {
        Step();
        if (++_depth > MaxDepth)
        {
            throw new TemplateError("it is nested too deeply");
        }
    }

    public void Leave() => _depth--;
}
