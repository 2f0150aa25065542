namespace AdapterServe.LoadTest.Traces;

/// <summary>Where a trace's columns stand; -1 for one that isn't there.</summary>
internal sealed record CsvColumns(int Time, int Adapter, int PromptTokens, int OutputTokens)
{
    public static CsvColumns Of(string header)
    {
        var names = header.Split(',').Select(name => name.Trim().ToLowerInvariant()).ToArray();
        int Place(string name) => Array.IndexOf(names, name);
        return Place("time") >= 0
            ? new CsvColumns(Place("time"), Place("adapter"), Place("prompt_tokens"), Place("output_tokens"))
            : throw new UserErrorException(
                "The trace's first line must name its columns: time, adapter, prompt_tokens, output_tokens, of which only time is needed.");
    }
}
