using System.Diagnostics;
using AdapterServe.AdapterStore;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tokenization;
using AdapterServe.OnnxRuntime;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Starts the model while the server already listens, so that probes are answered from the first moment.</summary>
internal sealed class StartupService(
    ModelStartup startup, ServerState state, StartupFailure failure, IServer server, IHostApplicationLifetime lifetime, ILogger<StartupService> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            // Abandoned when the server is told to stop meanwhile: an import that is cut off leaves nothing half-done.
            var model = await Task.Run(() => startup.StartAsync(stoppingToken), stoppingToken).WaitAsync(stoppingToken).ConfigureAwait(false);
            state.BecomeReady(model);
            var address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "no address";
            ServerLog.Ready(logger, model.Base.Id, address, clock.ElapsedMilliseconds);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped before it was ready.
        }
        catch (Exception exception)
        {
            failure.Set(Sentence(exception) ?? $"The server failed while starting ({exception.GetType().Name}); the log has the details.");
            if (Sentence(exception) is null)
            {
                ServerLog.StartFailed(logger, exception);
            }

            lifetime.StopApplication();
        }
    }

    /// <summary>What the operator can do something about, in one sentence; null for a bug.</summary>
    private static string? Sentence(Exception exception) => exception switch
    {
        StartupException or AdapterStoreException or TokenizerException or ModelImportException or OnnxRuntimeException or DllNotFoundException => exception.Message,
        IOException or UnauthorizedAccessException => $"A file can't be read or written: {exception.Message}",
        _ => null,
    };
}
