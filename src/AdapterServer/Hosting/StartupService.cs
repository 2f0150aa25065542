using System.Diagnostics;
using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterStore;
using AdapterServe.Engine;
using AdapterServe.Engine.ChatTemplates;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tokenization;
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
        using var listening = lifetime.ApplicationStarted.Register(() =>
        {
            ServerLog.ListeningForGrpc(logger, Addresses().Last());
            ServerLog.Listening(logger, Address());
        });
        ServerLog.Kernels(logger, EngineHost.InstructionSet);
        try
        {
            // Abandoned when the server is told to stop meanwhile: an import that is cut off leaves nothing half-done.
            var model = await Task.Run(() => startup.StartAsync(stoppingToken), stoppingToken).WaitAsync(stoppingToken).ConfigureAwait(false);
            state.BecomeReady(model);
            ServerLog.Ready(logger, model.Base.Id, Address(), clock.ElapsedMilliseconds);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped before it was ready.
        }
        catch (Exception exception)
        {
            failure.Set(Sentence(exception) ?? $"The server failed while starting ({exception.GetType().Name}); the log has the details.", IsWrongModel(exception));
            if (Sentence(exception) is null)
            {
                ServerLog.StartFailed(logger, exception);
            }

            lifetime.StopApplication();
        }
    }

    private string Address() => Addresses().First();

    private IEnumerable<string> Addresses() => server.Features.Get<IServerAddressesFeature>()?.Addresses.DefaultIfEmpty("no address") ?? ["no address"];

    private static bool IsWrongModel(Exception exception) =>
        exception is TokenizerException or ChatTemplateException or CommandLineException || exception is ModelImportException { Code: not ("disk_full" or "io_error") };

    /// <summary>What the operator can do something about, in one sentence; null for a bug.</summary>
    private static string? Sentence(Exception exception) => exception switch
    {
        StartupException or CommandLineException or AdapterStoreException or TokenizerException or ChatTemplateException or ModelImportException or EngineStartException => exception.Message,
        IOException or UnauthorizedAccessException => $"A file can't be read or written: {exception.Message}",
        _ => null,
    };
}
