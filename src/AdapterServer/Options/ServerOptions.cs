using System.ComponentModel.DataAnnotations;

namespace AdapterServe.AdapterServer.Options;

/// <summary>
/// Everything that can be set. Each property is a command-line option (<c>--kv-cache-mb</c>), a configuration key (<c>AdapterServe:KvCacheMb</c>)
/// and an environment variable (<c>ADAPTERSERVE_KV_CACHE_MB</c>); the first of these that is given wins. Defaults stand here.
/// </summary>
internal sealed class ServerOptions
{
    public const string Section = "AdapterServe";

    private const int DefaultPort = 8080;

    /// <summary>A folder of Hugging Face or of ONNX Runtime GenAI. Empty is the demo model.</summary>
    public string Model { get; set; } = string.Empty;

    /// <summary>The name under which the base is served. Empty is <c>demo</c> for the demo model, the folder's name for any other.</summary>
    [RegularExpression("[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")]
    public string ModelId { get; set; } = string.Empty;

    /// <summary>Registry, blobs and imported graphs.</summary>
    [Required]
    public string Data { get; set; } = "./data";

    /// <summary>A PostgreSQL connection string, or a SQLite file that other servers may use too. Empty is a file in <see cref="Data"/>.</summary>
    public string Registry { get; set; } = string.Empty;

    /// <summary>The folder of the adapters' files, or s3://bucket/prefix, shared by servers with one registry. Empty is a folder in <see cref="Data"/>.</summary>
    public string Blobs { get; set; } = string.Empty;

    /// <summary>The address of the S3 server of <see cref="Blobs"/>. Empty is AWS.</summary>
    public string S3Endpoint { get; set; } = string.Empty;

    /// <summary>The bucket's region. Empty is AWS_REGION, or us-east-1 at an <see cref="S3Endpoint"/>.</summary>
    public string S3Region { get; set; } = string.Empty;

    /// <summary>The bucket's name stands in the path rather than in the host's name, as most servers other than AWS want it.</summary>
    public bool S3PathStyle { get; set; }

    /// <summary>How long a call of S3 may go without anything happening.</summary>
    [Range(1, 300)]
    public int S3TimeoutSeconds { get; set; } = 10;

    /// <summary>Disk in <see cref="Data"/> for files of the bucket that were used last, in MiB.</summary>
    [Range(1, 1 << 24)]
    public int BlobCacheMb { get; set; } = 10240;

    /// <summary>What becomes of the Ed25519 signatures of uploads: off, optional or required.</summary>
    public string Signatures { get; set; } = "off";

    /// <summary>The file of the public keys whose signatures count.</summary>
    public string TrustedKeys { get; set; } = string.Empty;

    /// <summary>REST; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = DefaultPort;

    /// <summary>gRPC, and REST over HTTP/2; 0 takes a free one. -1 is 8081 beside the default port, else a free one.</summary>
    [Range(-1, 65535)]
    public int GrpcPort { get; set; } = -1;

    /// <summary>How gRPC's answers are compressed for clients that take it: none or gzip; messages of streams never are.</summary>
    public string GrpcCompression { get; set; } = "none";

    /// <summary>A PEM file: the certificate and those that sign it. With it both ports speak TLS only.</summary>
    public string TlsCertificate { get; set; } = string.Empty;

    /// <summary>A PEM file with the certificate's private key, where it is not in the same file.</summary>
    public string TlsKey { get; set; } = string.Empty;

    /// <summary>A PEM file with the authorities whose clients' certificates are taken. Empty takes none.</summary>
    public string TlsClientCa { get; set; } = string.Empty;

    /// <summary>With <see cref="TlsClientCa"/>: require ends connections without a certificate, allow lets their requests show a key or token.</summary>
    public string TlsClientCert { get; set; } = "require";

    /// <summary>The JSON web key set that tokens are signed with: a file, or a URL. Empty takes no tokens.</summary>
    public string JwtKeys { get; set; } = string.Empty;

    /// <summary>What a token's <c>iss</c> must be.</summary>
    public string JwtIssuer { get; set; } = string.Empty;

    /// <summary>What a token's <c>aud</c> must be or have.</summary>
    public string JwtAudience { get; set; } = string.Empty;

    /// <summary>The claim of a token that names the tenant.</summary>
    [Required]
    public string JwtTenantClaim { get; set; } = "tenant";

    /// <summary>The claim of a token that lists its scopes.</summary>
    [Required]
    public string JwtScopeClaim { get; set; } = "scope";

    /// <summary>The address to listen on.</summary>
    public string Bind { get; set; } = "127.0.0.1";

    /// <summary>How the base's linears are held: f32, int8 or int4.</summary>
    public string Weights { get; set; } = "f32";

    /// <summary>How embedding and head are held: f32, int8 or int4. Empty is f32 where the linears are, else int8.</summary>
    public string EmbeddingWeights { get; set; } = string.Empty;

    /// <summary>How the model writes calls of functions: auto (as its chat template shows), hermes, llama3, mistral, phi4 or json.</summary>
    public string ToolCalls { get; set; } = "auto";

    /// <summary>How the factors of adapters' low-rank forms are held: file, bf16, int8 or 1bit.</summary>
    public string AdapterWeights { get; set; } = "file";

    /// <summary>Adapters may be fused into the base's linears, which must be f32.</summary>
    public bool Fusable { get; set; }

    /// <summary>An adapter that is fused before the first request is answered; implies <see cref="Fusable"/>. Empty is none.</summary>
    public string Fused { get; set; } = string.Empty;

    /// <summary>Threads of the model run; 0 is one for each core.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <summary>No demo adapters.</summary>
    public bool NoDemo { get; set; }

    /// <summary>How keys and values are held: f32, bf16 or int8.</summary>
    public string Kv { get; set; } = "f32";

    /// <summary>Bytes for keys and values, in MiB.</summary>
    [Range(1, 1 << 20)]
    public int KvCacheMb { get; set; } = 1024;

    /// <summary>Blocks for keys and values; not 0, it replaces <see cref="KvCacheMb"/>.</summary>
    [Range(0, 1 << 24)]
    public int KvBlocks { get; set; }

    /// <summary>Positions in a block of keys and values.</summary>
    [Range(1, 1024)]
    public int BlockSize { get; set; } = 16;

    /// <summary>Most prompt tokens in one step, beside one token of each answer; longer prompts are split.</summary>
    [Range(1, 1 << 16)]
    public int PrefillTokens { get; set; } = 128;

    /// <summary>Most sequences in one step.</summary>
    [Range(1, 4096)]
    public int MaxSequences { get; set; } = 64;

    /// <summary>Most sequences that wait; more are answered 429.</summary>
    [Range(1, 1 << 20)]
    public int QueueLimit { get; set; } = 4096;

    /// <summary>Most sequences (prompts times n) of one request.</summary>
    [Range(1, 1 << 20)]
    public int MaxRequestSequences { get; set; } = 1024;

    /// <summary>Host memory for adapters, in MiB.</summary>
    [Range(1, 1 << 20)]
    public int AdapterCacheMb { get; set; } = 1024;

    /// <summary>Reuse keys and values of equal beginnings.</summary>
    public bool PrefixCache { get; set; } = true;

    /// <summary>Most tokens guessed for a sequence in one step from what it holds already; 0 guesses none.</summary>
    [Range(0, 32)]
    public int SpeculativeTokens { get; set; }

    /// <summary>Guess while at most so many sequences run.</summary>
    [Range(1, 4096)]
    public int SpeculativeSequences { get; set; } = 2;

    /// <summary>How embeddings are pooled: mean, last or cls. Empty is what the model's folder says, else mean.</summary>
    public string Pooling { get; set; } = string.Empty;

    /// <summary>Folders on the server's disk, separated by commas, from which <c>/v1/load_lora_adapter</c> may load adapters. Empty is none.</summary>
    public string LoraFolders { get; set; } = string.Empty;

    /// <summary>Most bytes of an uploaded adapter, in MiB.</summary>
    [Range(1, 1 << 20)]
    public int MaxUploadMb { get; set; } = 1024;

    /// <summary>Most bytes of a JSON body, in MiB.</summary>
    [Range(1, 1024)]
    public int MaxJsonMb { get; set; } = 64;

    /// <summary>Most adapters of a tenant whose own limits don't say otherwise; 0 is no limit, as with those that follow.</summary>
    [Range(0, int.MaxValue)]
    public int TenantAdapters { get; set; }

    /// <summary>Most bytes of a tenant's adapters, in MiB.</summary>
    [Range(0, 1 << 30)]
    public int TenantMb { get; set; }

    /// <summary>Most generations that a tenant begins in a minute, at this server.</summary>
    [Range(0, int.MaxValue)]
    public int TenantRequestsPerMinute { get; set; }

    /// <summary>Most tokens of prompts and answers of a tenant in a minute, at this server.</summary>
    [Range(0, int.MaxValue)]
    public int TenantTokensPerMinute { get; set; }

    /// <summary>Most sequences (prompts times n) of a tenant at a time, at this server.</summary>
    [Range(0, int.MaxValue)]
    public int TenantSequences { get; set; }

    /// <summary>How long a deleted adapter can be restored, in days; 0 removes it at once.</summary>
    [Range(0, 3650)]
    public int DeletedDays { get; set; } = 7;

    /// <summary>How long running requests may go on after the server was told to stop.</summary>
    [Range(0, 3600)]
    public int GraceSeconds { get; set; } = 8;

    public bool MayFuse => Fusable || Fused.Length > 0;

    /// <summary>Where gRPC listens; 0 for a free port.</summary>
    public int ListenGrpcPort => GrpcPort >= 0 ? GrpcPort : Port == DefaultPort ? DefaultPort + 1 : 0;

    public long MaxJsonBytes => (long)MaxJsonMb << 20;

    public long MaxUploadBytes => (long)MaxUploadMb << 20;
}
