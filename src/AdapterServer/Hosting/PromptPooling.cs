using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>How embeddings are pooled: as <c>--pooling</c> says, else as the model folder's <c>1_Pooling/config.json</c> (of sentence-transformers), else by the mean.</summary>
internal sealed class PromptPooling
{
    private const string ConfigFile = "1_Pooling/config.json";
    private const string ModulesFile = "modules.json";
    private const int MostBytes = 1 << 20;
    private const string ModePrefix = "pooling_mode_";

    private readonly PoolingKind _kind;
    private readonly string? _refusal;

    private PromptPooling(PoolingKind kind, string? refusal) => (_kind, _refusal) = (kind, refusal);

    public const string Names = "mean, last or cls";

    /// <summary><b>Errors</b>: 400 <c>unsupported_parameter</c> for a model whose folder asks for a pooling that isn't served.</summary>
    public PoolingKind Kind => _refusal is null ? _kind : throw ApiException.Unsupported("model", _refusal);

    /// <summary>Null for any other text.</summary>
    public static PoolingKind? Parse(string text) => text switch
    {
        "mean" => PoolingKind.Mean,
        "last" => PoolingKind.Last,
        "cls" => PoolingKind.First,
        _ => null,
    };

    /// <param name="option">The option, or empty.</param>
    /// <param name="folder">The model's.</param>
    public static PromptPooling Of(string option, string folder)
    {
        if (Parse(option) is { } kind)
        {
            return new PromptPooling(kind, null);
        }

        try
        {
            return Modules(folder).Except(["Transformer", "Pooling", "Normalize"]).FirstOrDefault() is { } other
                ? Refused($"The model's {ModulesFile} asks for a module {other} behind the pooling, which isn't served; --pooling takes {Names} without it.")
                : OfConfig(folder);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or IOException or UnauthorizedAccessException)
        {
            return Refused($"The model's {ConfigFile} or {ModulesFile} can't be read; the server's operator sets --pooling to {Names}.");
        }
    }

    private static PromptPooling OfConfig(string folder)
    {
        if (Read(folder, ConfigFile) is not { } bytes)
        {
            return new PromptPooling(PoolingKind.Mean, null);
        }

        using var json = JsonDocument.Parse(bytes);
        var modes = json.RootElement.EnumerateObject().Where(member => member.Name.StartsWith(ModePrefix, StringComparison.Ordinal) && member.Value.ValueKind == JsonValueKind.True)
            .Select(member => member.Name[ModePrefix.Length..]).ToArray();
        return modes switch
        {
            ["mean_tokens"] => new PromptPooling(PoolingKind.Mean, null),
            ["lasttoken"] => new PromptPooling(PoolingKind.Last, null),
            ["cls_token"] => new PromptPooling(PoolingKind.First, null),
            _ => Refused($"The model's {ConfigFile} asks for the pooling {string.Join(" and ", modes)}; served are {Names}."),
        };
    }

    /// <summary>The last words of the modules' types.</summary>
    private static string[] Modules(string folder)
    {
        if (Read(folder, ModulesFile) is not { } bytes)
        {
            return [];
        }

        using var json = JsonDocument.Parse(bytes);
        return [.. json.RootElement.EnumerateArray().Select(module => module.GetProperty("type").GetString()!.Split('.')[^1])];
    }

    private static byte[]? Read(string folder, string name)
    {
        var file = new FileInfo(Path.Combine(folder, name));
        return !file.Exists ? null : file.Length <= MostBytes ? File.ReadAllBytes(file.FullName) : throw new IOException("The file is too long.");
    }

    private static PromptPooling Refused(string sentence) => new(default, sentence);
}
