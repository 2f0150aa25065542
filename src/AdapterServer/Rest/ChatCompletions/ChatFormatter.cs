using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>Writes what the engine produced as choices of a chat completion.</summary>
internal sealed class ChatFormatter(TokenLabels labels, GenerationSettings settings)
{
    private const string Assistant = "assistant";

    public ChatChoice Whole(RunningChoice choice, ChatAnswer answer, string text)
    {
        var all = new TextDelta(text, 0, choice.Text.TokenCount);
        return Prompted(choice, new ChatChoice
        {
            Index = choice.Index,
            Message = ChatAnswer.Join(Assistant, [.. answer.Append(text, isLast: true)]),
            Logprobs = Logprobs(choice, all),
            FinishReason = answer.FinishWord(choice.FinishWord),
            TokenIds = Ids(choice, all),
        });
    }

    /// <summary>The first event: the role.</summary>
    public static ChatChoice Role(RunningChoice choice) => Event(choice, new ChatDelta(Assistant, string.Empty));

    /// <summary>The events of a piece of text. What belongs to its tokens stands in the first one; where there is none, in an empty one if it is asked for.</summary>
    public IEnumerable<ChatChoice> Pieces(RunningChoice choice, ChatAnswer answer, TextDelta delta, bool isFirst)
    {
        var added = answer.Append(delta.Text, choice.Text.Finish is not null).ToArray();
        if (added.Length == 0 && (isFirst || settings.LogProbs is not null || settings.ReturnTokenIds))
        {
            added = [new ChatDelta(Content: string.Empty)];
        }

        return added.Select((addition, i) => i == 0 ? First(choice, addition, delta, isFirst) : Event(choice, addition));
    }

    /// <summary>The last event: how it ended.</summary>
    public static ChatChoice End(RunningChoice choice, ChatAnswer answer) => Event(choice, new ChatDelta()) with { FinishReason = answer.FinishWord(choice.FinishWord) };

    private static ChatChoice Event(RunningChoice choice, ChatDelta delta) => new() { Index = choice.Index, Delta = delta, Logprobs = null, FinishReason = null };

    private ChatChoice First(RunningChoice choice, ChatDelta addition, TextDelta delta, bool isFirst)
    {
        var piece = Event(choice, addition) with { Logprobs = Logprobs(choice, delta), TokenIds = Ids(choice, delta) };
        return isFirst ? Prompted(choice, piece) : piece;
    }

    private ChatChoice Prompted(RunningChoice choice, ChatChoice answer) => answer with
    {
        PromptTokenIds = settings.ReturnTokenIds ? choice.Prompt.Ids : null,
        PromptLogprobs = PromptLogprobsFormatter.Format(choice.Prompt.Ids, choice.Text.Generation.PromptLogProbs, settings.PromptLogProbs, labels),
    };

    private int[]? Ids(RunningChoice choice, TextDelta delta) =>
        settings.ReturnTokenIds ? [.. Enumerable.Range(delta.FirstToken, delta.EndToken - delta.FirstToken).Select(choice.Text.Generation.TokenAt)] : null;

    private ChatLogprobs? Logprobs(RunningChoice choice, TextDelta delta)
    {
        if (settings.LogProbs is not { } top)
        {
            return null;
        }

        var content = new List<ChatLogprob>(delta.EndToken - delta.FirstToken);
        var values = choice.Text.Generation.LogProbs!;
        for (var i = delta.FirstToken; i < delta.EndToken; i++)
        {
            var best = new List<ChatLogprob>(top);
            for (var k = 0; k < Math.Min(top, values.TopCount); k++)
            {
                best.Add(Entry(values.TopIds(i)[k], values.TopValues(i)[k], null));
            }

            content.Add(Entry(choice.Text.Generation.TokenAt(i), values[i], best));
        }

        return new ChatLogprobs(content);
    }

    private ChatLogprob Entry(int id, float value, List<ChatLogprob>? best) =>
        new(labels.Label(id, settings.TokensAsIds), PromptLogprobsFormatter.Finite(value), Array.ConvertAll(labels.Bytes(id), b => (int)b), best);
}
