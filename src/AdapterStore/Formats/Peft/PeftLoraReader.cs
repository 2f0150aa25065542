using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// LoRA, rsLoRA and DoRA as PEFT saves them: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, or the older <c>adapter_model.bin</c>.
/// <b>Semantics</b>: y += (alpha / r) (B (A x) + c) at each adapted module, rank and alpha resolved per module; on an embedding x is one-hot.
/// Beside them whole modules, rows of single tokens and biases that take the place of the base's.
/// <b>Source</b>: PEFT's documented file format.
/// </summary>
internal sealed class PeftLoraReader : IAdapterReader
{
    public bool Recognises(AdapterFolder folder) => PeftFiles.TypeOf(folder) == "LORA";

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var values = new ConfigValues(folder.Config!.Value);
        LoraOptions.RequireServable(values);
        var manifest = LoraManifestReader.Read(values);
        var file = PeftFiles.OpenWeights(folder.Files);
        try
        {
            var modules = LoraModules.From(file, baseModel);
            return new AdapterTensors(manifest.UseDora ? "dora" : "lora", file, LoraResolver.Resolve(manifest, modules, file, baseModel, new PatternBudget()));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
