using System.Collections.Immutable;
using AdapterServe.AdapterServer.Quotas;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>All choices of one request. Disposing cancels those that still run, and gives back what the request has taken of its tenant's limits and not used.</summary>
internal sealed class RunningChoices(ImmutableArray<RunningChoice> choices, Admission? admission = null) : IDisposable
{
    public ImmutableArray<RunningChoice> Choices => choices;

    /// <summary>The texts of all choices, by position. The first failure cancels the others.</summary>
    public async Task<string[]> ReadToEndAsync(CancellationToken cancellationToken)
    {
        var texts = new string[choices.Length];
        await ForEachAsync(async (choice, position) => texts[position] = await choice.ReadToEndAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        return texts;
    }

    /// <summary>Runs <paramref name="body"/> on all choices at once. <b>Errors</b>: the first failure, after all have ended.</summary>
    public async Task ForEachAsync(Func<RunningChoice, int, Task> body)
    {
        Exception? first = null;
        await Task.WhenAll(choices.Select(async (choice, position) =>
        {
            try
            {
                await body(choice, position).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                // The cancellation of the others must not hide what caused it.
                if (Interlocked.CompareExchange(ref first, exception, null) is null)
                {
                    Cancel();
                }
            }
        })).ConfigureAwait(false);
        if (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    }

    public Usage Usage()
    {
        var prompt = 0;
        var completion = 0;
        var cached = 0;
        foreach (var choice in choices)
        {
            completion += choice.Text.TokenCount;
            if (choice.IsFirstOfPrompt)
            {
                prompt += choice.Prompt.Ids.Length;
                cached += choice.Text.Generation.CachedPromptTokens;
            }
        }

        return new Usage(prompt, completion, prompt + completion, new PromptTokensDetails(cached));
    }

    public void Dispose()
    {
        Cancel();
        admission?.End(choices.Sum(choice => (choice.IsFirstOfPrompt ? (long)choice.Prompt.Ids.Length : 0) + choice.CountedTokens));
    }

    private void Cancel()
    {
        foreach (var choice in choices)
        {
            choice.Text.Generation.Cancel();
        }
    }
}
