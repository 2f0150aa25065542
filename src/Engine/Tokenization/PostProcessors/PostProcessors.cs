namespace AdapterServe.Engine.Tokenization.PostProcessors;

internal sealed class SequencePostProcessor(IPostProcessor[] parts) : IPostProcessor
{
    public List<int> Process(List<int> ids) => parts.Aggregate(ids, (current, part) => part.Process(current));
}

/// <summary>Byte-level post-processing trims offsets, which are not kept here.</summary>
internal sealed class ByteLevelPostProcessor : IPostProcessor
{
    public List<int> Process(List<int> ids) => ids;
}

/// <summary>Fixed ids before and after the text's own, as the template for a single text says; the text may occur more than once or not at all.</summary>
/// <param name="pieces">Ids to insert, or null where the text's own stand.</param>
internal sealed class TemplatePostProcessor(int[]?[] pieces) : IPostProcessor
{
    public List<int> Process(List<int> ids)
    {
        var result = new List<int>(ids.Count + pieces.Length);
        foreach (int[]? piece in pieces)
        {
            result.AddRange(piece ?? (IEnumerable<int>)ids);
        }

        return result;
    }
}
