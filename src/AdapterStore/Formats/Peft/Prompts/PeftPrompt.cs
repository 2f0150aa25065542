using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft.Prompts;

/// <summary>
/// What a kind reads its virtual tokens from.
/// <b>Errors</b>: Unservable <c>shape_mismatch</c>, <c>option_range</c> where configuration, file and base disagree.
/// </summary>
internal sealed class PeftPrompt(ConfigValues config, ITensorSource file, BaseModel baseModel, int task)
{
    private const int Most = 1 << 16;

    public ConfigValues Config => config;

    /// <summary>The task to be read, for kinds that have several.</summary>
    public int Task => task;

    /// <summary>Virtual tokens.</summary>
    public int Count => Positive("num_virtual_tokens");

    /// <summary>Width of the base's embeddings.</summary>
    public int Hidden => baseModel.Sites.First(site => site.Kind == SiteKind.Embedding).OutFeatures;

    /// <summary>Keys and values of all layers.</summary>
    public KvLayout Kv => KvLayout.Of(baseModel);

    public SafetensorsTensor Tensor(string name, params ReadOnlySpan<long> shape) => TensorChecks.Float(file.Tensors[name], shape);

    public int Positive(string key) => config.RequiredInt(key) is >= 1 and <= Most and var value
        ? value
        : throw StoreErrors.Unservable("option_range", $"'{key}' is {config.RequiredInt(key)}; 1 to {Most} are served.");

    /// <summary>An option that repeats a size of the base must not contradict it.</summary>
    public void RequireOption(string key, int expected)
    {
        if (config.IntOr(key, expected) is var given && given != expected)
        {
            throw StoreErrors.Unservable(
                "shape_mismatch", $"'{key}' is {given}; on the base {baseModel.Id} it must be {expected}, so the adapter is of another model.");
        }
    }
}
