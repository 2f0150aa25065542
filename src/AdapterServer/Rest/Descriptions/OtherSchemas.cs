using AdapterServe.AdapterServer.Options;
using Microsoft.OpenApi;
using static AdapterServe.AdapterServer.Rest.Descriptions.Schemas;

namespace AdapterServe.AdapterServer.Rest.Descriptions;

/// <summary>The bodies of the remaining routes.</summary>
internal static class OtherSchemas
{
    public static OpenApiSchema Tokenize() => new()
    {
        Description = "Either text or a chat.",
        AnyOf =
        [
            Object(["prompt"], [("prompt", Text()), ("add_special_tokens", Flag("Add the tokenizer's special tokens; true unless set.")), .. TokenizeShared()]),
            Object(["messages"], [.. GenerationSchemas.Messages(), .. TokenizeShared()]),
        ],
    };

    public static OpenApiSchema Detokenize() => Object(["tokens"], ("model", Model()), ("tokens", List(Integer(min: 0), most: RequestLimits.TokenizeCharacters)));

    public static OpenApiSchema Alias() => new()
    {
        Description = "One version, or two that share the requests.",
        AnyOf = [Object(["version"], Version()), Object(["versions"], ("versions", List(Object(["version", "weight"], Version(), ("weight", Integer("Its share of the weights' sum.", 1))), most: 2)))],
    };

    public static OpenApiSchema Settings() => Object(
        [],
        ("labels", Map("All labels; what is not named goes.", Text())),
        ("pinned", Flag("Servers keep the current version in memory.")),
        ("priority", Integer("Which of the pinned ones come first where not all fit: greater numbers do.")));

    public static OpenApiSchema LoadLora() => Object(
        ["lora_name", "lora_path"],
        ("lora_name", Text("What the adapter shall be called.")),
        ("lora_path", Text("A folder inside one of the server's --lora-folders, absolute or from there on.")),
        ("load_inplace", Flag("Replaces an adapter of this name.")));

    public static OpenApiSchema UnloadLora() => Object(["lora_name"], ("lora_name", Text("The adapter.")));

    public static OpenApiSchema Compose() => Object(["name", "adapters"], [("name", Text("What the adapter shall be called.")), .. GenerationSchemas.Mixture()]);

    public static OpenApiSchema Inference() => Object(
        ["inputs"],
        ("id", Text("Repeated in the answer.")),
        ("parameters", Map("Fields of a completion but model and prompt.")),
        ("inputs", List(Object(
            ["name", "datatype", "shape", "data"],
            ("name", Text()),
            ("datatype", Text("BYTES, BOOL, INT32 or INT64.")),
            ("shape", List(Integer(min: 0))),
            ("data", List(AnyOf("Values in row-major order.", Text(), Integer(), Flag())))))),
        ("outputs", List(Object(["name"], ("name", Text())), "All unless named.")));

    /// <summary>An adapter's files, or an archive of them.</summary>
    public static IEnumerable<(string Type, OpenApiSchema Schema)> Upload() =>
    [
        ("multipart/form-data", Object(["files"], ("files", List(Bytes("One part for each file, with its file name."))))),
        ("application/zip", Bytes("The files.")),
        ("application/x-tar", Bytes("The files, also compressed with gzip.")),
        ("application/gzip", Bytes("A tar archive of the files, compressed with gzip.")),
    ];

    public static OpenApiSchema NewKey() => Object(
        ["scopes"],
        ("scopes", List(Text("infer, upload, admin or operator."))),
        ("tenant", Text("In whose name the key acts; the caller's own unless an operator says so.")),
        ("name", Text("What to call it.")),
        ("expires_in", Integer("Seconds that it is good for; for ever unless given.", 1)));

    public static OpenApiSchema RotateKey() => Object([], ("grace_seconds", Integer("How long the old secret is good for; a day unless given.", 0)));

    public static OpenApiSchema KeysTenant() => Text("Only this tenant's keys; an operator's way to ask for others than its own.");

    public static OpenApiSchema After() => Integer("Begin after this change; without it, and without Last-Event-ID, with the next one.", 0);

    public static OpenApiSchema Signature() => Text("The Ed25519 signature over the content's digest (sha256: and 64 hexadecimal digits, as ASCII), in base64.");

    public static OpenApiSchema UploadMetadata() =>
        Text("tus: keys with values in base64, between commas: name, which every upload has, lower, if_match, labels (a JSON object) and signature; filename and filetype are ignored.");

    public static OpenApiSchema UploadLength() => Integer("tus: how many bytes the archive has.", 1);

    public static OpenApiSchema UploadOffset() => Integer("tus: where these bytes begin, which is how many there are.", 0);

    public static OpenApiSchema TusResumable() => Text("tus: 1.0.0.");

    /// <summary>The next bytes of an upload.</summary>
    public static IEnumerable<(string Type, OpenApiSchema Schema)> UploadBytes() => [("application/offset+octet-stream", Bytes("What follows the bytes that are there."))];

    public static OpenApiSchema Purge() => Flag("Keep nothing that could be restored.");

    public static OpenApiSchema Lower() =>
        Text("svd:rank=N asks for an approximation: at linear sites where the adapter adds a matrix of higher rank, the nearest one of rank N. Without it adapters are served exactly.");

    private static (string Name, OpenApiSchema Schema) Version() => ("version", AnyOf("A version's number, its digest or another alias.", Integer(min: 1), Text()));

    private static (string Name, OpenApiSchema Schema)[] TokenizeShared() => [("model", Model()), ("return_token_strs", Flag("Also the tokens' texts."))];

    private static OpenApiSchema Model() => Text("The base or an adapter, whose folder may have brought tokens of its own; the base unless given.");

    private static OpenApiSchema Bytes(string description) => new() { Type = JsonSchemaType.String, Format = "binary", Description = description };
}
