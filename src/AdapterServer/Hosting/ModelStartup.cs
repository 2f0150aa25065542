using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterServer.Quotas;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Signatures;
using AdapterServe.AdapterStore.Tenants;
using AdapterServe.Engine;
using AdapterServe.Engine.AdapterTexts;
using AdapterServe.Engine.ChatTemplates;
using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tokenization;
using Microsoft.Extensions.Options;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Brings up everything that a request needs: tokenizer, imported model, store, engine, demo adapters.</summary>
internal sealed class ModelStartup(IOptions<ServerOptions> options, TimeProvider time, ILogger<ModelStartup> logger) : IAsyncDisposable
{
    private const string DemoId = "demo";

    private static readonly TimeSpan RegistryRetry = TimeSpan.FromSeconds(2);

    private readonly ServerOptions _options = options.Value;
    private EngineHost? _engine;
    private AdapterStorage? _store;
    private AccessStartup? _access;

    /// <summary>The engine once it runs; draining ends its requests.</summary>
    public EngineHost? Engine => Volatile.Read(ref _engine);

    /// <summary><b>Errors</b>: exceptions whose message is a sentence for the operator.</summary>
    public async Task<ServingModel> StartAsync(CancellationToken cancellationToken)
    {
        var demo = DemoFiles.Find();
        var folder = ModelFolder(demo);
        var isDemo = demo is not null && Path.GetFullPath(folder) == Path.GetFullPath(demo.Model);
        _access = new AccessStartup(_options, time, logger);
        var access = await UntilThereAsync(() => _access.OpenAsync(RegistryOptions(), cancellationToken), cancellationToken).ConfigureAwait(false);
        ServerLog.Starting(logger, $"reading the tokenizer of {folder}");
        var tokenizer = Tokenizer.Load(folder);
        var template = ChatTemplate.Load(folder, tokenizer.Special);
        var defaults = GenerationDefaultsReader.Read(folder);
        ModelVocabulary.Check(folder, tokenizer);
        ServerLog.Starting(logger, "importing the model");
        var imported = await new ModelImporter(time)
            .ImportAsync(folder, Path.Combine(_options.Data, "models"), ImportOptions(folder, isDemo), null, cancellationToken).ConfigureAwait(false);
        ServerLog.Starting(logger, "opening the adapter store");
        var texts = new AdapterTextReader(tokenizer, folder, imported.Shape.VocabularySize);
        _store = await UntilThereAsync(() => AdapterStorage.OpenAsync(StoreOptions(), imported.Base, time, texts, cancellationToken), cancellationToken).ConfigureAwait(false);
        ServerLog.Starting(logger, "starting the engine");
        var engine = EngineHost.Start(imported, EngineOptions());
        Volatile.Write(ref _engine, engine);
        // Nobody signed those.
        if (isDemo && !_options.NoDemo && SignaturePolicies.Parse(_options.Signatures) != SignaturePolicy.Required)
        {
            await new DemoAdapters(_store, logger).UploadAsync(demo!.Adapters, _options.Data, cancellationToken).ConfigureAwait(false);
        }

        var fused = new FusedAdapters(_store, engine.Fused);
        await FuseAsync(fused, _store, cancellationToken).ConfigureAwait(false);
        var facts = new ModelFacts(engine.Client.Limits.VocabularySize, engine.Client.Limits.SequenceTokens, defaults);
        return new ServingModel
        {
            Access = access,
            Options = _options,
            Base = imported.Base,
            Texts = new ServingTexts(new ServingText(facts, new ServingTokens(tokenizer, facts), template, []), tokenizer, texts, _store),
            Pooling = PromptPooling.Of(_options.Pooling, folder),
            LoraFolders = new LoraFolders(_options.LoraFolders),
            Store = _store,
            Engine = engine.Client,
            Fused = fused,
            Counters = engine.Counters,
            Meters = new TenantMeters(time),
            Created = time.GetUtcNow(),
        };
    }

    public async ValueTask DisposeAsync()
    {
        if (_engine is not null)
        {
            await _engine.DisposeAsync().ConfigureAwait(false);
        }

        _store?.Dispose();
        _access?.Dispose();
    }

    private async Task FuseAsync(FusedAdapters fused, AdapterStorage store, CancellationToken cancellationToken)
    {
        if (_options.Fused.Length == 0)
        {
            return;
        }

        ServerLog.Starting(logger, $"fusing the adapter {_options.Fused}");
        try
        {
            await fused.FuseAsync(store.Catalog.Resolve(Principal.DefaultTenant, _options.Fused), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotFusableException or AdapterStoreException)
        {
            throw new StartupException($"--fused {_options.Fused}: {e.Message}");
        }
    }

    /// <summary>A registry whose database is away is waited for: replicas and their database start in any order.</summary>
    private async Task<T> UntilThereAsync<T>(Func<Task<T>> open, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await open().ConfigureAwait(false);
            }
            catch (AdapterStoreException away) when (away.Kind == AdapterErrorKind.Unavailable)
            {
                ServerLog.RegistryAway(logger, away.InnerException?.Message ?? away.Message);
                await Task.Delay(RegistryRetry, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private string ModelFolder(DemoFiles? demo)
    {
        if (_options.Model.Length == 0)
        {
            return demo?.Model ?? throw new StartupException("There is no demo model beside this program; name a model with --model DIR.");
        }

        var folder = Path.GetFullPath(_options.Model);
        return Directory.Exists(folder) ? folder : throw new ModelImportException("model_folder_missing", $"The model folder {folder} does not exist.");
    }

    private string ModelId(string folder, bool isDemo)
    {
        if (_options.ModelId.Length > 0)
        {
            return _options.ModelId;
        }

        return isDemo ? DemoId : new DirectoryInfo(folder).Name;
    }

    private ImportOptions ImportOptions(string folder, bool isDemo) => new()
    {
        Id = ModelId(folder, isDemo),
        Weights = WeightFormats.Parse(_options.Weights)!.Value,
        EmbeddingWeights = WeightFormats.Parse(_options.EmbeddingWeights),
        IsFusable = _options.MayFuse,
        KvFormat = KvFormats.Parse(_options.Kv)!.Value,
    };

    private AdapterStoreOptions RegistryOptions() => new() { DataDirectory = _options.Data, Registry = _options.Registry };

    private static int? Limit(int option) => option == 0 ? null : option;

    private AdapterStoreOptions StoreOptions() => new()
    {
        DataDirectory = _options.Data,
        Registry = _options.Registry,
        Blobs = _options.Blobs,
        S3 = new S3Settings
        {
            Endpoint = _options.S3Endpoint.Length > 0 ? new Uri(_options.S3Endpoint) : null,
            Region = _options.S3Region.Length > 0 ? _options.S3Region : null,
            PathStyle = _options.S3PathStyle,
            Timeout = TimeSpan.FromSeconds(_options.S3TimeoutSeconds),
        },
        BlobCacheBytes = (long)_options.BlobCacheMb << 20,
        Signatures = SignaturePolicies.Parse(_options.Signatures)!.Value,
        TrustedKeys = _options.TrustedKeys,
        CacheBytes = (long)_options.AdapterCacheMb << 20,
        AdapterWeights = AdapterWeightFormats.Parse(_options.AdapterWeights)!.Value,
        MaxUploadBytes = _options.MaxUploadBytes,
        DeletedRetention = TimeSpan.FromDays(_options.DeletedDays),
        TenantDefaults = new TenantLimits
        {
            Adapters = Limit(_options.TenantAdapters),
            Bytes = (long?)Limit(_options.TenantMb) << 20,
            RequestsPerMinute = Limit(_options.TenantRequestsPerMinute),
            TokensPerMinute = Limit(_options.TenantTokensPerMinute),
            ConcurrentSequences = Limit(_options.TenantSequences),
        },
    };

    private EngineOptions EngineOptions() => new()
    {
        BlockTokens = _options.BlockSize,
        KvBlocks = _options.KvBlocks == 0 ? null : _options.KvBlocks,
        KvCacheBytes = (long)_options.KvCacheMb << 20,
        PrefillTokens = _options.PrefillTokens,
        MaxSequences = _options.MaxSequences,
        MaxQueued = _options.QueueLimit,
        PrefixCache = _options.PrefixCache,
        SpeculativeTokens = _options.SpeculativeTokens,
        SpeculativeSequences = _options.SpeculativeSequences,
        Threads = _options.Threads == 0 ? Environment.ProcessorCount : _options.Threads,
    };
}
