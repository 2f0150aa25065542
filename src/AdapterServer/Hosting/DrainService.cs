using AdapterServe.AdapterServer.Options;
using Microsoft.Extensions.Options;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>
/// A graceful stop: turns new requests away while the server still listens, gives running ones their time, then ends the rest with an error.
/// Runs before anything else stops.
/// </summary>
internal sealed class DrainService(ServerState state, ModelStartup startup, IOptions<ServerOptions> options, TimeProvider time, ILogger<DrainService> logger)
    : IHostedLifecycleService
{
    /// <summary>What an ended answer needs to reach its client.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var idle = state.BeginStopping();
        if (idle.IsCompleted)
        {
            return;
        }

        var grace = TimeSpan.FromSeconds(options.Value.GraceSeconds);
        ServerLog.Draining(logger, state.Running, options.Value.GraceSeconds);
        if (await EndsWithinAsync(idle, grace, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        ServerLog.DrainExpired(logger, state.Running);
        if (startup.Engine is { } engine)
        {
            await engine.StopAsync(TimeSpan.Zero, time).ConfigureAwait(false);
        }

        await EndsWithinAsync(idle, LastWords, cancellationToken).ConfigureAwait(false);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<bool> EndsWithinAsync(Task task, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(limit, time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
