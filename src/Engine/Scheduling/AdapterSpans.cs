using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Scheduling;

/// <summary>
/// A request's adapters as spans of its sequence. <b>Laws</b>: the first span starts at 0, the starts ascend, neighbours differ.
/// <b>Semantics</b>: an activated adapter acts from the last place where its invocation tokens stand, within its own part of the prompt,
/// and nowhere without one; what is generated activates nothing, as in PEFT. The first adapter's virtual tokens are part of its span.
/// </summary>
internal static class AdapterSpans
{
    public static AdapterSpan[] Of(GenerationRequest request)
    {
        var virtualTokens = VirtualTokensOf(request)?.Count ?? 0;
        var spans = new List<AdapterSpan>();
        Add(spans, request.PromptTokens, 0, EndOf(request, 0), request.Adapter?.Weights, virtualTokens);
        for (var i = 0; i < request.LaterAdapters.Length; i++)
        {
            var later = request.LaterAdapters[i];
            Add(spans, request.PromptTokens, later.FromToken, EndOf(request, i + 1), later.Adapter?.Weights, virtualTokens);
        }

        return [.. spans];
    }

    public static VirtualTokens? VirtualTokensOf(GenerationRequest request) => request.Adapter?.Weights.VirtualTokens;

    private static int EndOf(GenerationRequest request, int next) =>
        next < request.LaterAdapters.Length ? request.LaterAdapters[next].FromToken : request.PromptTokens.Length;

    private static void Add(List<AdapterSpan> spans, int[] prompt, int from, int to, AdapterWeights? weights, int virtualTokens)
    {
        var start = from == 0 ? 0 : from + virtualTokens;
        if (weights is null || weights.InvocationTokens.IsEmpty)
        {
            Add(spans, new AdapterSpan(start, weights));
            return;
        }

        Add(spans, new AdapterSpan(start, null));
        var invoked = prompt.AsSpan(from, to - from).LastIndexOf(weights.InvocationTokens.AsSpan());
        if (invoked >= 0)
        {
            Add(spans, new AdapterSpan(from + invoked + virtualTokens, weights));
        }
    }

    private static void Add(List<AdapterSpan> spans, AdapterSpan span)
    {
        if (spans.Count > 0 && spans[^1].Start == span.Start)
        {
            spans.RemoveAt(spans.Count - 1);
        }

        if (spans.Count == 0 || spans[^1].Weights != span.Weights)
        {
            spans.Add(span);
        }
    }
}
