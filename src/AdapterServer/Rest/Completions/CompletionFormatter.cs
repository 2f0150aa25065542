using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Rest.Completions;

/// <summary>Writes what the engine produced as choices of a legacy completion.</summary>
internal sealed class CompletionFormatter(ServingTokens tokens, CompletionRequest request)
{
    private readonly GenerationSettings _settings = request.Settings;

    /// <summary>A piece of a choice: the tokens [<paramref name="delta"/>.FirstToken, EndToken). The first piece also has what belongs to the prompt.</summary>
    public CompletionChoice Format(RunningChoice choice, TextDelta delta, bool isFirst)
    {
        var text = choice.Text;
        var prompt = isFirst ? choice.Prompt : null;
        return new CompletionChoice
        {
            Index = choice.Index,
            Text = isFirst && request.Echo ? choice.Prompt.Text + delta.Text : delta.Text,
            Logprobs = Logprobs(choice, delta, isFirst),
            FinishReason = text.Finish is not null && delta.EndToken == text.TokenCount ? choice.FinishWord : null,
            PromptLogprobs = prompt is null ? null : PromptLogprobsFormatter.Format(prompt.Ids, text.Generation.PromptLogProbs, _settings.PromptLogProbs, tokens.Labels),
            PromptTokenIds = _settings.ReturnTokenIds ? prompt?.Ids : null,
            TokenIds = _settings.ReturnTokenIds ? Ids(text, delta) : null,
        };
    }

    private static int[] Ids(TextGeneration text, TextDelta delta)
    {
        var ids = new int[delta.EndToken - delta.FirstToken];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = text.Generation.TokenAt(delta.FirstToken + i);
        }

        return ids;
    }

    private CompletionLogprobs? Logprobs(RunningChoice choice, TextDelta delta, bool isFirst)
    {
        if (_settings.LogProbs is not { } top)
        {
            return null;
        }

        var list = new CompletionLogprobs([], [], [], []);
        if (isFirst && request.Echo)
        {
            AddPrompt(list, choice, top);
        }

        var start = request.Echo ? choice.Prompt.Text.Length : 0;
        var generation = choice.Text.Generation;
        for (var i = delta.FirstToken; i < delta.EndToken; i++)
        {
            Add(list, generation.TokenAt(i), generation.LogProbs!, i, top, start + choice.Text.OffsetOf(i));
        }

        return list;
    }

    private void AddPrompt(CompletionLogprobs list, RunningChoice choice, int top)
    {
        var ids = choice.Prompt.Ids;
        var offsets = tokens.PromptOffsets(choice.Prompt);
        for (var i = 0; i < ids.Length; i++)
        {
            if (i > 0)
            {
                Add(list, ids[i], choice.Text.Generation.PromptLogProbs!, i, top, offsets[i]);
                continue;
            }

            // Nothing comes before the first token, so nothing predicts it.
            list.Tokens.Add(tokens.Labels.Label(ids[0], _settings.TokensAsIds));
            list.TokenLogprobs.Add(null);
            list.TopLogprobs.Add(null);
            list.TextOffset.Add(offsets[0]);
        }
    }

    private void Add(CompletionLogprobs list, int id, LogProbBuffer values, int index, int top, int offset)
    {
        list.Tokens.Add(tokens.Labels.Label(id, _settings.TokensAsIds));
        list.TokenLogprobs.Add(PromptLogprobsFormatter.Finite(values[index]));
        list.TextOffset.Add(offset);
        var best = new Dictionary<string, float>(top, StringComparer.Ordinal);
        for (var k = 0; k < Math.Min(top, values.TopCount); k++)
        {
            best[tokens.Labels.Label(values.TopIds(index)[k], _settings.TokensAsIds)] = PromptLogprobsFormatter.Finite(values.TopValues(index)[k]);
        }

        list.TopLogprobs.Add(best);
    }
}
