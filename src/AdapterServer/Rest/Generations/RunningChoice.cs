using System.Text;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.Engine;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>One choice of one prompt, in the engine.</summary>
/// <param name="Index">Its <c>index</c> in the answer.</param>
/// <param name="IsFirstOfPrompt">Choice 0 of its prompt: the one that counts the prompt's tokens.</param>
/// <param name="Prompt">What it continues.</param>
/// <param name="Text">What it produces.</param>
/// <param name="Engine">Knows why a model run failed.</param>
internal sealed record RunningChoice(int Index, bool IsFirstOfPrompt, PreparedPrompt Prompt, TextGeneration Text, EngineCounters Engine)
{
    /// <summary>Of the answer: those that its usage tells, and where nobody read to its end those that were made.</summary>
    public int CountedTokens => Text.Finish is null ? Text.Generation.TokenCount : Text.TokenCount;

    /// <summary>The whole text. <b>Errors</b>: as <see cref="ThrowIfBroken"/>.</summary>
    public async Task<string> ReadToEndAsync(CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        await foreach (var delta in Text.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            text.Append(delta.Text);
        }

        ThrowIfBroken();
        return text.ToString();
    }

    /// <summary>Passes when the choice ended by itself. <b>Errors</b>: <see cref="EngineBusyException"/> when the server stopped it, <see cref="GenerationFailedException"/> when the model run failed.</summary>
    public void ThrowIfBroken()
    {
        switch (Text.Finish)
        {
            case FinishReason.Drained:
                throw new EngineBusyException(stopping: true, "The server is stopping; the answer was cut off.");
            case FinishReason.Failed:
                throw new GenerationFailedException("The model run failed.", Engine.LastFailure);
            case FinishReason.GuideFailed:
                throw new ApiException(
                    StatusCodes.Status400BadRequest, ErrorCodes.UnsupportedStructure, "What the answer is held to takes too long to follow; simplify the expression, grammar or schema.");
            case FinishReason.Cancelled:
                throw new OperationCanceledException("The request was cancelled.");
        }
    }

    /// <summary>OpenAI's word for how it ended.</summary>
    public string FinishWord => Text.Finish == FinishReason.Length ? "length" : "stop";
}
