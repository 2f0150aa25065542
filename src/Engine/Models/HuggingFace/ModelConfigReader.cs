using AdapterServe.Engine.Models.Decoders;
using AdapterServe.Engine.Models.HuggingFace.Families;
using AdapterServe.Engine.Models.HuggingFace.Quantized;

namespace AdapterServe.Engine.Models.HuggingFace;

/// <summary>
/// Reads the configuration of a Hugging Face folder. What would change the computation and is not known here is refused, never ignored.
/// <b>Errors</b>: <see cref="ModelImportException"/>, one code for each cause.
/// </summary>
internal static class ModelConfigReader
{
    public const string ConfigFile = "config.json";
    private const long LimitBytes = 1 << 20;
    private const long MaxRotaryElements = 1 << 27;

    public static (DecoderModel Model, EndTokens Ends, QuantizationConfig? Packing) Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new ModelImportException("model_folder_missing", $"There is no model folder '{folder}'.");
        }

        using var file = JsonFile.TryOpen(folder, ConfigFile, LimitBytes)
            ?? throw new ModelImportException("config_missing", $"The model folder '{folder}' has no {ConfigFile}.");
        using var generation = JsonFile.TryOpen(folder, EndTokens.GenerationFile, LimitBytes);
        var model = ModelFamilies.Describe(file);
        if (model.Heads % model.KvHeads != 0)
        {
            throw file.Wrong("num_key_value_heads", $"a divisor of num_attention_heads ({model.Heads})");
        }

        if (model.Rotaries.Any(rotary => rotary.TableRows(model.ContextTokens) * rotary.TableWidth > MaxRotaryElements))
        {
            throw file.Wrong("max_position_embeddings", $"such that its product with head_dim is at most {MaxRotaryElements}");
        }

        return (model, EndTokens.Read(file, generation, model.VocabularySize), QuantizationConfigReader.Read(file));
    }
}
