using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>
/// Files in, checked and lowered weights out: the one way in which an adapter becomes usable, at upload as at every later load.
/// <b>Errors</b>: <see cref="AdapterStoreException"/> only.
/// </summary>
internal sealed class AdapterLoader(BaseModel baseModel, long cacheBytes)
{
    /// <summary>The largest matrix that is read in one piece.</summary>
    private const long MaxTensorBytes = int.MaxValue;

    /// <param name="files">The content.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="task">Which task of a content that holds several; null: the first one.</param>
    public LoweredAdapter Load(AdapterFiles files, string digest, int? task = null) => Reading(digest, () =>
    {
        using var folder = AdapterFolder.Open(files, task ?? 0);
        using var tensors = AdapterReaders.For(folder).Read(folder, baseModel);
        RequireSize(tensors);
        var weights = AdapterLowering.Lower(tensors, WeightsDigest.Of(digest, tensors.Tasks.IsEmpty ? null : folder.Task), baseModel);
        return new LoweredAdapter(weights, Describe(tensors, weights.Bytes));
    });

    /// <summary>See <see cref="IAdapterReader.InventoryOf"/>.</summary>
    public static (string Name, string Kind)? InventoryOf(AdapterFiles files) => Reading("the upload", () =>
    {
        using var folder = AdapterFolder.Open(files, 0);
        return AdapterReaders.For(folder).InventoryOf(folder);
    });

    public AdapterStoreException TooLarge(long bytes) => StoreErrors.TooLarge(
        "adapter_too_large", $"The adapter needs {bytes} bytes of memory and the whole adapter cache has {cacheBytes}; start the server with a larger cache.");

    private static T Reading<T>(string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw StoreErrors.NotFound($"The files of {what} are no longer stored.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StoreErrors.Unservable("unreadable_files", $"The files of {what} cannot be read from the disk; upload the adapter again.", error);
        }
    }

    private static AdapterFacts Describe(AdapterTensors tensors, long weightBytes)
    {
        var types = tensors.Sites.SelectMany(site => site.Tensors).Concat(tensors.VirtualTokens?.Sources ?? []).Select(tensor => tensor.DType).Where(SafetensorsTypes.IsFloat).Distinct().ToList();
        return new AdapterFacts(
            tensors.Kind,
            [
                .. tensors.VirtualTokens is { } before ? [NameOf(before.Kind)] : Array.Empty<string>(),
                .. tensors.Sites.CountBy(site => site.Form).OrderByDescending(form => form.Value).ThenBy(form => form.Key).Select(form => NameOf(form.Key)),
            ],
            "exact",
            [.. tensors.Sites.Select(site => site.InnerRank).OfType<int>().Distinct().Order()],
            types.Count > 1 ? "mixed" : NameOf(types[0]),
            tensors.Sites.Select(site => site.Site.Index).Distinct().Count(),
            weightBytes,
            tensors.Tasks);
    }

    internal static string NameOf(FormKind form) => form switch
    {
        FormKind.LowRank => "low_rank",
        FormKind.Dense => "dense",
        FormKind.Sparse => "sparse",
        FormKind.RmsNorm => "rms_norm",
        FormKind.EmbeddingRows => "embedding_rows",
        FormKind.InputScale => "input_scale",
        FormKind.OutputScale => "output_scale",
        FormKind.OutputBias => "output_bias",
        FormKind.Bottleneck => "bottleneck",
        FormKind.Mixture => "mixture",
        _ => throw new ArgumentOutOfRangeException(nameof(form)),
    };

    private static string NameOf(VirtualTokenKind kind) => kind == VirtualTokenKind.SoftPrompt ? "soft_prompt" : "prefix";

    private static string NameOf(SafetensorsType type) => type switch
    {
        SafetensorsType.F32 => "float32",
        SafetensorsType.BF16 => "bfloat16",
        SafetensorsType.F16 => "float16",
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>Before any memory is taken.</summary>
    private void RequireSize(AdapterTensors tensors)
    {
        var before = tensors.VirtualTokens?.Elements ?? 0;
        var bytes = before * sizeof(float);
        RequireElements(before);
        foreach (var site in tensors.Sites)
        {
            bytes += site.LoweredBytes;
            RequireElements(site.LargestElements);
        }

        if (bytes > cacheBytes)
        {
            throw TooLarge(bytes);
        }
    }

    private static void RequireElements(long elements)
    {
        if (elements * sizeof(float) > MaxTensorBytes)
        {
            throw StoreErrors.TooLarge("tensor_too_large", $"A single tensor has {elements} elements; at most {MaxTensorBytes / sizeof(float)} are served.");
        }
    }
}
