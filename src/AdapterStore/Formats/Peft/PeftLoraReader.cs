using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Formats.Vocabulary;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// LoRA, rsLoRA, DoRA and activated LoRA as PEFT saves them: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, or the older <c>adapter_model.bin</c>.
/// <b>Semantics</b>: y += (alpha / r) (B (A x) + c) at each adapted module, rank and alpha resolved per module; on an embedding x is one-hot.
/// Beside them whole modules, rows of single tokens and biases that take the place of the base's, and rows of tokens that the base lacks.
/// <b>Source</b>: PEFT's documented file format.
/// </summary>
internal sealed class PeftLoraReader : IAdapterReader
{
    public IEnumerable<AdapterKind> Kinds => 
    [
        AdapterKind.Exact(
            "lora", AdapterKind.Peft("LORA"), "low_rank, dense, embedding_rows, rms_norm, output_bias", "rsLoRA, patterns, `lora_bias`, `modules_to_save`, embeddings, trainable tokens and biases too"),
        AdapterKind.Exact("dora", AdapterKind.Peft("LORA", "use_dora"), "low_rank, output_scale, output_bias", "with the base's weights; the bias stays unscaled"),
        AdapterKind.Exact("alora", AdapterKind.Peft("LORA", "alora_invocation_tokens"), "low_rank", "acts from the last invocation in the prompt on"),
        .. LoraOptions.Kinds,
    ];

    public bool Recognises(AdapterFolder folder) => PeftFiles.TypeOf(folder) == "LORA";

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var values = new ConfigValues(folder.Config!.Value);
        LoraOptions.RequireServable(values);
        var manifest = LoraManifestReader.Read(values);
        var invocation = Invocation(values, baseModel);
        var file = PeftFiles.OpenWeights(folder.Files);
        try
        {
            var modules = LoraModules.From(file, baseModel);
            var widened = baseModel.WithAddedTokens(AddedBy(modules, manifest, baseModel));
            var resolved = LoraResolver.Resolve(manifest, widened == baseModel ? modules : LoraModules.From(file, widened), file, widened, new PatternBudget());
            var (sites, vocabulary) = VocabularySplit.Of(resolved, widened, baseModel, file);
            if (!invocation.IsEmpty)
            {
                InvocationTokens.RequireMaskable(sites);
            }

            return new AdapterTensors(manifest.UseDora ? "dora" : invocation.IsEmpty ? "lora" : "alora", file, sites) { InvocationTokens = invocation, Vocabulary = vocabulary };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static int AddedBy(LoraModules modules, LoraManifest manifest, BaseModel baseModel) => AddedTokens.Of(
        modules.BySite.Values.Where(module => module.Site.Kind is SiteKind.Embedding or SiteKind.Head && module.Whole is { Shape.Length: 2 } whole && whole.Shape[1] == module.Site.WeightColumns)
            .Select(module => (module.Whole!.Name, module.Site, module.Whole.Shape[0])),
        manifest.TokenRows.SelectMany(rows => rows.Ids),
        baseModel);

    private static ImmutableArray<int> Invocation(ConfigValues values, BaseModel baseModel)
    {
        const string Key = "alora_invocation_tokens";
        return values.Find(Key) is null ? [] : InvocationTokens.Checked((values.Ints(Key) ?? []).Select(id => (long)id), baseModel);
    }
}
