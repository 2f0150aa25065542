using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.Engine;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.AdapterServer.Commands;

/// <summary>Looks whether a server with given options will start and serve well on this machine. <b>Effects</b>: makes the data folder, as a server would; changes nothing else.</summary>
public static class MachineDoctor
{
    private const string HugePages = "/sys/kernel/mm/transparent_hugepage/enabled";
    private const string Scalar = "Scalar";

    /// <param name="arguments">A server's options.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>One finding for each thing looked at. <b>Errors</b>: <see cref="CommandException"/> for options that can't be read.</returns>
    public static async Task<IReadOnlyList<Finding>> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var options = ServerSettings.Of(arguments);
        var model = Model(options, out var modelBytes);
        return
        [
            Options(options), Processor(), Cores(options), Pages(), Library(), model, Memory(options, modelBytes), Data(options, modelBytes),
            await RegistryAsync(options, cancellation).ConfigureAwait(false), Port("REST port", options.Bind, options.Port, "--port"), Port("gRPC port", options.Bind, options.ListenGrpcPort, "--grpc-port"),
        ];
    }

    private static Finding Options(ServerOptions options) => new ServingRulesValidator().Validate(null, options) is { Failed: true } failed
        ? new Finding("options", FindingLevel.Failure, string.Join(' ', failed.Failures!), "Change these options.")
        : new Finding("options", FindingLevel.Ok, "They go together.");

    private static Finding Processor() => EngineHost.InstructionSet switch
    {
        Scalar => new Finding("processor", FindingLevel.Warning, $"{RuntimeInformation.ProcessArchitecture} without vector instructions that the kernels use.", "Use a processor with AVX2 or AVX-512: it is many times faster."),
        var set => new Finding("processor", FindingLevel.Ok, $"{RuntimeInformation.ProcessArchitecture} with {set}."),
    };

    private static Finding Cores(ServerOptions options)
    {
        var cores = Environment.ProcessorCount;
        return options.Threads > cores
            ? new Finding("cores", FindingLevel.Warning, $"{cores}, and --threads {options.Threads} wants more.", $"Set --threads to at most {cores}; 0 takes them all.")
            : new Finding("cores", FindingLevel.Ok, $"{cores}.");
    }

    private static Finding Pages()
    {
        if (!File.Exists(HugePages))
        {
            return new Finding("huge pages", FindingLevel.Warning, "This system has no transparent huge pages.", "Nothing is wrong; weights are read a little more slowly.");
        }

        return File.ReadAllText(HugePages).Contains("[never]", StringComparison.Ordinal)
            ? new Finding("huge pages", FindingLevel.Warning, "Transparent huge pages are off.", $"echo madvise | sudo tee {HugePages}")
            : new Finding("huge pages", FindingLevel.Ok, "Transparent huge pages are on.");
    }

    private static Finding Library()
    {
        try
        {
            return new Finding("ONNX Runtime", FindingLevel.Ok, $"{EngineHost.LoadLibrary()} loads.");
        }
        catch (EngineStartException e)
        {
            return new Finding("ONNX Runtime", FindingLevel.Failure, e.Message, "Run build/onnxruntime.sh, or set ADAPTERSERVE_ONNXRUNTIME to the path of libonnxruntime.so.");
        }
    }

    private static Finding Model(ServerOptions options, out long bytes)
    {
        bytes = 0;
        var folder = options.Model.Length > 0 ? options.Model : DemoFiles.Find()?.Model;
        if (folder is null || !Directory.Exists(folder))
        {
            return new Finding("model", FindingLevel.Failure, folder is null ? "There is no demo model beside this program." : $"The folder {folder} does not exist.", "Name a model's folder with --model DIR.");
        }

        try
        {
            var (shape, read) = ModelImporter.Check(folder);
            var tokenizer = Tokenizer.Load(folder);
            ModelVocabulary.Check(folder, tokenizer);
            bytes = read;
            return new Finding("model", FindingLevel.Ok, $"{folder}: {shape.Layers} layers of {shape.HiddenSize}, a vocabulary of {shape.VocabularySize}, {shape.ContextTokens} tokens of context, {Mib(read)}.");
        }
        catch (Exception e) when (e is ModelImportException or TokenizerException or IOException or UnauthorizedAccessException)
        {
            return new Finding("model", FindingLevel.Failure, $"{folder}: {e.Message}", "docs/models.md lists the models that are served.");
        }
    }

    private static Finding Memory(ServerOptions options, long modelBytes)
    {
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var needed = modelBytes + ((long)(options.KvCacheMb + options.AdapterCacheMb) << 20);
        var message = $"{Mib(available)}; model, keys and values, and adapters take up to about {Mib(needed)}.";
        return needed <= available
            ? new Finding("memory", FindingLevel.Ok, message)
            : new Finding("memory", FindingLevel.Warning, message, "Lower --kv-cache-mb or --adapter-cache-mb, or hold the model in fewer bits (--weights int8).");
    }

    private static Finding Data(ServerOptions options, long modelBytes)
    {
        var folder = Path.GetFullPath(options.Data);
        try
        {
            DataFolder.Prepare(folder);
            var free = new DriveInfo(folder).AvailableFreeSpace;
            var message = $"{folder} can be written; {Mib(free)} are free.";
            return free >= modelBytes + (options.MaxUploadBytes / 2)
                ? new Finding("data folder", FindingLevel.Ok, message)
                : new Finding("data folder", FindingLevel.Warning, message, "Free some space: an import may take as much as the model, and each adapter its size.");
        }
        catch (Exception e) when (e is StartupException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new Finding("data folder", FindingLevel.Failure, e.Message, "Name a folder that can be written with --data DIR.");
        }
    }

    private static async Task<Finding> RegistryAsync(ServerOptions options, CancellationToken cancellation)
    {
        try
        {
            var (has, known) = await RegistryCheck.RunAsync(ServerSettings.Store(options), cancellation).ConfigureAwait(false);
            return new Finding("registry", FindingLevel.Ok, has == 0 ? "There is none yet; a server makes it." : has < known ? $"It answers; a server will add {known - has} schema steps." : "It answers, and its schema is this server's.");
        }
        catch (AdapterStoreException e) when (e.Kind == AdapterErrorKind.Unavailable)
        {
            return new Finding("registry", FindingLevel.Failure, $"Its database does not answer: {e.InnerException?.Message ?? e.Message}", "Start the database, or correct --registry.");
        }
        catch (Exception e) when (e is AdapterStoreException or IOException or System.Data.Common.DbException or ArgumentException)
        {
            return new Finding("registry", FindingLevel.Failure, e.Message, "Take the matching server, or another registry with --registry.");
        }
    }

    private static Finding Port(string check, string bind, int port, string option)
    {
        if (port == 0)
        {
            return new Finding(check, FindingLevel.Ok, "Any that is free.");
        }

        if (!IPAddress.TryParse(bind, out var address))
        {
            return new Finding(check, FindingLevel.Failure, $"'{bind}' is no address.", "Name an IP address with --bind.");
        }

        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return new Finding(check, FindingLevel.Ok, $"{bind}:{port} is free.");
        }
        catch (SocketException e)
        {
            return new Finding(check, FindingLevel.Warning, $"{bind}:{port} can't be listened on: {e.Message}.", $"It may be the server that runs already; else take another one with {option}.");
        }
    }

    private static string Mib(long bytes) => $"{bytes >> 20} MiB";
}
