using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Formats.Vocabulary;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// Trainable tokens alone: <c>peft_type</c> TRAINABLE_TOKENS, see <see cref="TokenRows"/>.
/// </summary>
internal sealed class PeftTokensReader : IAdapterReader
{
    private const string Prefix = "base_model.model.";
    private const string Suffix = ".trainable_tokens_delta";

    private static readonly string[] s_options =
    [
        "peft_type", "peft_version", "task_type", "auto_mapping", "base_model_name_or_path", "revision", "inference_mode", "target_modules", "token_indices", "init_weights",
    ];

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact("trainable_tokens", AdapterKind.Peft("TRAINABLE_TOKENS"), "embedding_rows", "rows of the embedding, and of a head that is tied to it")];

    public bool Recognises(AdapterFolder folder) => PeftFiles.TypeOf(folder) == "TRAINABLE_TOKENS";

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var values = new ConfigValues(folder.Config!.Value);
        foreach (var key in values.MeaningfulKeys().Where(key => !s_options.Contains(key)))
        {
            throw StoreErrors.Unservable(
                "unknown_option",
                $"The server does not know what '{AdapterNames.Shorten(key)}' in adapter_config.json does; remove it if the adapter computes the same without it.");
        }

        var widened = baseModel.WithAddedTokens(AddedTokens.Of([], values.Ints("token_indices") ?? [], baseModel));
        var targets = TargetsOf(values, widened);
        var file = PeftFiles.OpenWeights(folder.Files);
        try
        {
            RequireKnownTensors(file, targets);
            var placed = targets.Place(site => file.Tensors.GetValueOrDefault(Prefix + site.Path + Suffix));
            var (sites, vocabulary) = VocabularySplit.Of([.. placed], widened, baseModel, file);
            return new AdapterTensors("trainable_tokens", file, sites) { Vocabulary = vocabulary };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static TokenRows TargetsOf(ConfigValues values, BaseModel baseModel)
    {
        var targets = new TokenRows(baseModel);
        var ids = values.Ints("token_indices") ?? [];
        var selection = new ModuleSelection(values, []);
        if (!selection.IsGiven)
        {
            targets.Add(name: null, ids);
            return targets;
        }

        var budget = new PatternBudget();
        foreach (var site in baseModel.Sites.Where(site => site.Kind != SiteKind.Sublayer && selection.Selects(site, budget)))
        {
            targets.Add(site, ids);
        }

        return targets.Sites.Any() ? targets : throw StoreErrors.Unservable("no_modules", "The configuration targets no module of this base.");
    }

    private static void RequireKnownTensors(ITensorSource file, TokenRows targets)
    {
        var known = targets.Sites.Select(site => Prefix + site.Path + Suffix).ToHashSet(StringComparer.Ordinal);
        foreach (var tensor in file.Tensors.Values)
        {
            if (!known.Contains(tensor.Name))
            {
                throw StoreErrors.Unservable(
                    "unknown_tensor", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is not one of rows that the configuration targets ({Prefix}<module>{Suffix}).");
            }

            LoraModules.RequireFloat(tensor);
        }
    }
}
