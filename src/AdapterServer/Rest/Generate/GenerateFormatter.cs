using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.AdapterServer.Rest.Generate;

/// <summary>Writes what the engine produced as TGI does: token by token, special ones with their text. One reader, tokens in order.</summary>
internal sealed class GenerateFormatter(ServingText served, IReadOnlyCollection<int> endIds, GenerateRequest request, RunningChoice choice)
{
    private readonly IncrementalDecoder _decoder = served.Tokens.CreateDecoder(skipSpecialTokens: false, []);
    private readonly Generation _generation = choice.Text.Generation;

    /// <summary>The next token; <paramref name="isLast"/> also has the text of bytes that are no whole character.</summary>
    public GenerateToken Token(int index, bool isLast)
    {
        var id = _generation.TokenAt(index);
        var text = _decoder.Append(id);
        return Of(id, isLast ? text + _decoder.Flush() : text, _generation.LogProbs![index]);
    }

    public IReadOnlyList<GenerateToken>? TopTokens(int index)
    {
        if (request.TopTokens is null)
        {
            return null;
        }

        var best = new List<GenerateToken>();
        var ids = _generation.LogProbs!.TopIds(index);
        var values = _generation.LogProbs.TopValues(index);
        for (var k = 0; k < ids.Length && ids[k] >= 0; k++)
        {
            best.Add(Of(ids[k], served.Tokens.Labels.Label(ids[k], asId: false), values[k]));
        }

        return best;
    }

    /// <summary>Of a choice that has ended.</summary>
    public string Text() => (request.ReturnFullText ? request.Inputs : string.Empty) + served.Tokens.DecodeText([.. Enumerable.Range(0, choice.Text.TokenCount).Select(_generation.TokenAt)]);

    public GenerateDetails Details()
    {
        var count = choice.Text.TokenCount;
        return new GenerateDetails(
            FinishWord(),
            choice.Prompt.Ids.Length,
            count,
            request.Seed,
            request.Prefill ? Prefill() : [],
            [.. Enumerable.Range(0, count).Select(index => Token(index, index == count - 1))],
            request.TopTokens is null ? null : [.. Enumerable.Range(0, count).Select(index => TopTokens(index)!)]);
    }

    public GenerateEnd End() => new(FinishWord(), choice.Prompt.Ids.Length, choice.Prompt.Ids.Length, choice.Text.TokenCount, request.Seed);

    private string FinishWord() =>
        choice.Text.Finish == FinishReason.Length ? "length" : choice.Text.TokenCount > 0 && endIds.Contains(_generation.TokenAt(choice.Text.TokenCount - 1)) ? "eos_token" : "stop_sequence";

    private IReadOnlyList<PrefillToken> Prefill() =>
    [
        .. choice.Prompt.Ids.Select((id, index) => new PrefillToken(
            id, served.Tokens.Labels.Label(id, asId: false), index == 0 ? null : PromptLogprobsFormatter.Finite(_generation.PromptLogProbs![index]))),
    ];

    private GenerateToken Of(int id, string text, float logprob) => new(id, text, PromptLogprobsFormatter.Finite(logprob), served.Tokens.IsSpecial(id));
}
