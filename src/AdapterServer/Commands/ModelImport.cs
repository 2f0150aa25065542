using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Options;
using AdapterServe.Engine.Models;

namespace AdapterServe.AdapterServer.Commands;

/// <summary>Imports a model into a data folder ahead of the server, which then starts on it at once.</summary>
public static class ModelImport
{
    /// <param name="arguments">A server's options: <c>--model</c>, <c>--data</c>, <c>--weights</c>, … with which it will be started.</param>
    /// <param name="progress">Told of each step; may be called from any thread.</param>
    /// <param name="cancellation">Ends the import; nothing of it remains.</param>
    /// <returns>What a server will serve. <b>Errors</b>: <see cref="CommandException"/>.</returns>
    public static async Task<ImportSummary> RunAsync(IReadOnlyList<string> arguments, IProgress<ImportStep> progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(progress);
        var options = ServerSettings.Of(arguments);
        var folder = options.Model.Length > 0 ? Path.GetFullPath(options.Model) : DemoFiles.Find()?.Model ?? throw new CommandException("There is no demo model beside this program; name a model's folder.");
        if (!Directory.Exists(folder))
        {
            throw new CommandException($"The model folder {folder} does not exist.");
        }

        try
        {
            var wanted = new ImportOptions
            {
                Id = options.ModelId.Length > 0 ? options.ModelId : null,
                Weights = WeightFormats.Parse(options.Weights) ?? throw new CommandException($"--weights must be {WeightFormats.Names}, not '{options.Weights}'."),
                EmbeddingWeights = options.EmbeddingWeights.Length == 0 ? null
                    : WeightFormats.Parse(options.EmbeddingWeights) ?? throw new CommandException($"--embedding-weights must be {WeightFormats.Names}, not '{options.EmbeddingWeights}'."),
                IsFusable = options.MayFuse,
                KvFormat = KvFormats.Parse(options.Kv) ?? throw new CommandException($"--kv must be {KvFormats.Names}, not '{options.Kv}'."),
            };
            DataFolder.Prepare(options.Data);
            var told = new Telling(progress);
            var imported = await new ModelImporter().ImportAsync(folder, Path.Combine(options.Data, "models"), wanted, told, cancellation).ConfigureAwait(false);
            return new ImportSummary(
                imported.Base.Id, imported.Base.Fingerprint, folder, imported.Shape.Layers, imported.Shape.HiddenSize, imported.Shape.VocabularySize, imported.Shape.ContextTokens,
                Path.GetFullPath(Path.Combine(options.Data, "models")));
        }
        catch (Exception e) when (e is ModelImportException or StartupException)
        {
            throw new CommandException(e.Message, e);
        }
    }

    private sealed class Telling(IProgress<ImportStep> progress) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) =>
            progress.Report(new ImportStep(value.Stage == ImportStage.Hashing ? "reading (MiB)" : "converting (tensors)", value.Done, value.Total));
    }
}
