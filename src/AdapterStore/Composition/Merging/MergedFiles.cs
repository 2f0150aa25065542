using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Formats.Peft;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.AdapterStore.Composition.Merging;

/// <summary>A merge as the folder of a PEFT LoRA in f32 with scale 1, which PEFT reads too.</summary>
internal static class MergedFiles
{
    public static async Task WriteAsync(StagedFiles files, IReadOnlyList<MergedSite> merged, string baseId, CancellationToken cancellationToken)
    {
        using var config = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(Config(merged, baseId)));
        await files.AddAsync(AdapterFolder.ConfigFile, config, cancellationToken).ConfigureAwait(false);

        // The two ends of a pipe: the tensors go to the disk as they are written, whatever their size.
        var pipe = new Pipe();
        var writing = Task.Run(() => WriteTensors(pipe.Writer, merged), cancellationToken);
        var reader = pipe.Reader.AsStream();
        await using (reader.ConfigureAwait(false))
        {
            await files.AddAsync(PeftFiles.Weights, reader, cancellationToken).ConfigureAwait(false);
        }

        await writing.ConfigureAwait(false);
    }

    private static void WriteTensors(PipeWriter pipe, IReadOnlyList<MergedSite> merged)
    {
        Exception? failure = null;
        try
        {
            using var stream = pipe.AsStream(leaveOpen: true);
            var writer = new SafetensorsWriter(stream, merged.SelectMany(Entries), new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" });
            foreach (var site in merged)
            {
                writer.Write(site.A);
                writer.Write(site.B);
            }

            writer.Complete();
        }
        catch (Exception error)
        {
            failure = error;
            throw;
        }
        finally
        {
            pipe.Complete(failure);
        }
    }

    private static SafetensorsEntry[] Entries(MergedSite site) =>
    [
        new($"base_model.model.{site.Site.Path}.lora_A.weight", SafetensorsType.F32, [site.Rank, site.Site.InFeatures]),
        new($"base_model.model.{site.Site.Path}.lora_B.weight", SafetensorsType.F32, [site.Site.OutFeatures, site.Rank]),
    ];

    private static JsonObject Config(IReadOnlyList<MergedSite> merged, string baseId)
    {
        var rank = merged.Max(site => site.Rank);
        var others = merged.Where(site => site.Rank != rank).ToList();
        return new JsonObject
        {
            ["peft_type"] = "LORA",
            ["task_type"] = "CAUSAL_LM",
            ["base_model_name_or_path"] = baseId,
            ["inference_mode"] = true,
            ["bias"] = "none",
            ["lora_dropout"] = 0.0,
            ["r"] = rank,
            ["lora_alpha"] = rank,
            ["target_modules"] = new JsonArray([.. merged.Select(site => JsonValue.Create(site.Site.Path))]),
            ["rank_pattern"] = Pattern(others),
            ["alpha_pattern"] = Pattern(others),
        };
    }

    private static JsonObject Pattern(List<MergedSite> sites) => new(sites.Select(site => KeyValuePair.Create<string, JsonNode?>(site.Site.Path, site.Rank)));
}
