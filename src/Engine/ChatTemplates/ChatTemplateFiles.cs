using System.Text.Json;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.ChatTemplates;

/// <summary>
/// Finds the templates of a model folder: <c>chat_template.jinja</c> and <c>additional_chat_templates/NAME.jinja</c>; where there are none,
/// <c>chat_template</c> of <c>tokenizer_config.json</c>, a text or a list of names and texts. <b>Source</b>: transformers' documentation of chat templates.
/// </summary>
internal static class ChatTemplateFiles
{
    public const string DefaultName = "default";
    public const int MaxSourceCharacters = 1 << 20;
    private const int MaxTemplates = 64;

    /// <summary><b>Errors</b>: <see cref="ChatTemplateException"/> and <see cref="TokenizerException"/>, one sentence for each cause.</summary>
    public static List<(string Name, string Source)> Read(string modelFolder)
    {
        List<(string Name, string Source)> sources = [.. Files(modelFolder).Take(MaxTemplates + 1).Select(file => (file.Name, ReadFile(file.Path)))];
        sources = sources.Count > 0 ? sources : ReadConfig(Path.Combine(modelFolder, "tokenizer_config.json"));
        return sources.Count <= MaxTemplates ? sources : throw new ChatTemplateException($"The model has more than {MaxTemplates} chat templates.");
    }

    private static IEnumerable<(string Name, string Path)> Files(string modelFolder)
    {
        string usual = Path.Combine(modelFolder, "chat_template.jinja");
        if (File.Exists(usual))
        {
            yield return (DefaultName, usual);
        }

        string more = Path.Combine(modelFolder, "additional_chat_templates");
        string[] paths = Directory.Exists(more) ? Directory.GetFiles(more, "*.jinja") : [];
        foreach (string path in paths.Order(StringComparer.Ordinal))
        {
            yield return (Path.GetFileNameWithoutExtension(path), path);
        }
    }

    private static List<(string Name, string Source)> ReadConfig(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        using JsonDocument json = TokenizerJson.OpenObject(path);
        return json.RootElement.Optional("chat_template") switch
        {
            null => [],
            { ValueKind: JsonValueKind.Array } named => [.. named.EnumerateArray().Take(MaxTemplates + 1).Select(item => (item.TextOf("name"), item.TextOf("template")))],
            { } single => [(DefaultName, single.Text("chat_template"))],
        };
    }

    private static string ReadFile(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaxSourceCharacters * 4L
                ? File.ReadAllText(path)
                : throw new ChatTemplateException($"The chat template is longer than {MaxSourceCharacters} characters.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ChatTemplateException($"The chat template can't be read: {e.Message}", e);
        }
    }
}
