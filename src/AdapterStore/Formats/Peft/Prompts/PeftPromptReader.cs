using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft.Prompts;

/// <summary>
/// Reads the kinds of <see cref="IPeftPromptKind"/>: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.
/// <b>Errors</b>: Unservable, one code for each way in which the configuration, the file and the base disagree.
/// </summary>
internal sealed class PeftPromptReader(IPeftPromptKind kind) : IAdapterReader
{
    private static readonly ImmutableArray<string> s_options =
        ["num_virtual_tokens", "token_dim", "num_transformer_submodules", "num_attention_heads", "num_layers"];

    public static ImmutableArray<PeftPromptReader> All { get; } =
    [
        new(new SoftPrompt("PROMPT_TUNING", "prompt_tuning_init", "prompt_tuning_init_text", "tokenizer_name_or_path", "tokenizer_kwargs")),
        new(new SoftPrompt("P_TUNING", "encoder_reparameterization_type", "encoder_hidden_size", "encoder_num_layers", "encoder_dropout")),
        new(new SoftPrompt(
            "CPT", "cpt_token_ids", "cpt_mask", "cpt_tokens_type_mask", "opt_weighted_loss_type", "opt_loss_decay_factor", "opt_projection_epsilon",
            "opt_projection_format_epsilon", "tokenizer_name_or_path")),
        new(new MultitaskPrompt()),
        new(new PrefixKind("PREFIX_TUNING", "encoder_hidden_size", "prefix_projection", "init_weights")),
        new(new PrefixKind("CARTRIDGE", "num_frozen_tokens")),
    ];

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact(kind.Kind, AdapterKind.Peft(kind.PeftType), kind.Forms, kind.Note)];

    public bool Recognises(AdapterFolder folder) => PeftFiles.TypeOf(folder) == kind.PeftType;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var config = new ConfigValues(folder.Config!.Value);
        RequireKnownOptions(config);
        var file = PeftFiles.OpenWeights(folder.Files);
        try
        {
            RequireTensors(file);
            return new AdapterTensors(kind.Kind, file, [])
            {
                VirtualTokens = kind.Read(new PeftPrompt(config, file, baseModel, folder.Task)),
                Tasks = kind.TasksOf(config),
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void RequireKnownOptions(ConfigValues config)
    {
        PeftOptions.RequireServable(config, [.. s_options, .. kind.Options]);
        if (config.IntOr("num_transformer_submodules", 1) != 1)
        {
            throw StoreErrors.Unservable("option_range", "'num_transformer_submodules' is not 1: the adapter is of an encoder-decoder model.");
        }
    }

    private void RequireTensors(ITensorSource file)
    {
        foreach (var tensor in file.Tensors.Values)
        {
            if (!kind.Tensors.Contains(tensor.Name))
            {
                throw StoreErrors.Unservable(
                    "unknown_tensor",
                    $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is not one that PEFT writes for {kind.PeftType} ({string.Join(", ", kind.Tensors)}).");
            }
        }

        if (kind.Tensors.FirstOrDefault(name => !file.Tensors.ContainsKey(name)) is { } missing)
        {
            throw StoreErrors.Unservable("missing_tensors", $"The file has no tensor '{missing}', which PEFT writes for {kind.PeftType}.");
        }
    }
}
