using System.Text.Json.Nodes;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Tests.Tokenization;

/// <summary>Writes small tokenizer.json files and loads them.</summary>
internal static class TokenizerFile
{
    /// <summary>A byte-level tokenizer of the letters a to e with the merges ab, abc, de; its fields can be changed.</summary>
    public static JsonObject Small() => (JsonObject)JsonNode.Parse("""
        {
          "added_tokens": [],
          "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": {"type": "Fuse"},
          "model": {
            "type": "BPE", "unk_token": null,
            "vocab": {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4, " ": 5, "ab": 6, "abc": 7, "de": 8, "?": 9, "x": 10},
            "merges": ["a b", ["ab", "c"], "d e"]
          }
        }
        """)!;

    public static JsonObject With(string field, string json)
    {
        JsonObject file = Small();
        Set(file, field, json);
        return file;
    }

    /// <summary>Sets a field named by a path such as <c>model.vocab</c>.</summary>
    public static void Set(JsonObject file, string field, string json)
    {
        string[] path = field.Split('.');
        JsonObject target = path[..^1].Aggregate(file, (node, name) => (JsonObject)node[name]!);
        target[path[^1]] = JsonNode.Parse(json);
    }

    public static Tokenizer Load(JsonObject file) => LoadText(file.ToJsonString());

    public static Tokenizer LoadText(string json)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tokenizer-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "tokenizer.json"), json);
            return Tokenizer.Load(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
