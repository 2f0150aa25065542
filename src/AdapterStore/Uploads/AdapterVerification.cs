using System.Text.Json;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Lowering;

namespace AdapterServe.AdapterStore.Uploads;

/// <summary>
/// Finds out whether files can be served, by lowering them once as a load does, each task. What it lowered stays in memory where there is room.
/// <b>Errors</b>: Malformed, Unservable or TooLarge with the reason.
/// </summary>
internal sealed class AdapterVerification(StoreCore core)
{
    /// <returns>The facts, as JSON.</returns>
    /// <param name="files">The content.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="last">Done at the end, off the caller's thread.</param>
    /// <param name="cancellationToken">Gives up between two tasks.</param>
    public async Task<string> RunAsync(AdapterFiles files, string digest, Action? last, CancellationToken cancellationToken)
    {
        using var _ = await core.EnterVerificationAsync(cancellationToken).ConfigureAwait(false);
        return await Task.Run(
            () =>
            {
                var facts = Verify(files, digest, cancellationToken);
                last?.Invoke();
                return facts;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private string Verify(AdapterFiles files, string digest, CancellationToken cancellationToken)
    {
        var (facts, error) = Verify(files, digest, task: null);
        for (var task = 1; task < facts.Tasks.Length; task++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // The bound holds for every task.
            error = Verify(files, digest, task).Error is { } own ? Math.Max(error ?? 0, own) : error;
        }

        return JsonSerializer.Serialize(facts with { Exactness = SvdLowering.Describe(error) }, AdapterJsonContext.Default.AdapterFacts);
    }

    private (AdapterFacts Facts, double? Error) Verify(AdapterFiles files, string digest, int? task)
    {
        var lowered = core.Loader.Load(files, digest, task);
        try
        {
            RequireServable(lowered, files.Folder, isFirst: task is null);
        }
        catch
        {
            lowered.Weights.Dispose();
            throw;
        }

        core.Cache.Offer(lowered.Weights);
        return (lowered.Facts, lowered.Error);
    }

    private void RequireServable(LoweredAdapter lowered, string folder, bool isFirst)
    {
        core.Loader.RequireSize(lowered.Facts.WeightBytes);
        if (isFirst)
        {
            core.Text?.RequireServable(folder, lowered.Facts.AddedTokens);
        }
    }
}
