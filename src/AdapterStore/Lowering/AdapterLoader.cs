using System.Diagnostics;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Computed;
using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>
/// Files in, checked and lowered weights out: the one way in which an adapter becomes usable, at upload as at every later load.
/// <b>Errors</b>: <see cref="AdapterStoreException"/> only.
/// </summary>
/// <param name="baseModel">What adapters act on.</param>
/// <param name="maxBytes">The most memory that one adapter may take.</param>
/// <param name="held">How low-rank factors are held.</param>
/// <param name="computedStore">Where what loads compute is kept; null: nowhere.</param>
internal sealed class AdapterLoader(BaseModel baseModel, long maxBytes, AdapterWeightFormat held = AdapterWeightFormat.File, ComputedStore? computedStore = null)
{
    /// <summary>The largest matrix that is read in one piece.</summary>
    private const long MaxTensorBytes = int.MaxValue;

    /// <summary>What a request may keep for its adapter: a width of 128 and 31 taps in 32 layers are half a MiB.</summary>
    private const long MaxSequenceStateBytes = 4 << 20;

    /// <param name="files">The content.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="task">Which task of a content that holds several; null: the first one.</param>
    /// <param name="isExact">Low-rank factors as the file has them, however this server holds them.</param>
    public LoweredAdapter Load(AdapterFiles files, string digest, int? task = null, bool isExact = false) => Reading(digest, () =>
    {
        var format = isExact ? AdapterWeightFormat.File : held;
        var started = Stopwatch.GetTimestamp();
        using var folder = AdapterFolder.Open(files, task ?? 0);
        using var tensors = AdapterReaders.For(folder).Read(folder, baseModel);
        var weightsDigest = WeightsDigest.Of(digest, tensors.Tasks.IsEmpty ? null : folder.Task);
        var computed = computedStore?.Open(weightsDigest) ?? new ComputedValues(maxBytes: 0);
        var svd = files.Lower is null ? null : new SvdLowering(files.Lower, computed);
        RequireSize(tensors, svd, format);
        var weights = AdapterLowering.Lower(tensors, isExact ? WeightsDigest.Exact(weightsDigest) : weightsDigest, baseModel, computed, svd, format);
        RequireStateSize(weights);
        computedStore?.Save(weightsDigest, computed);
        weights.LoadTime = Stopwatch.GetElapsedTime(started);
        return new LoweredAdapter(weights, Describe(tensors, weights, files.Lower, svd?.Error), svd?.Error);
    });

    /// <summary>See <see cref="IAdapterReader.InventoryOf"/>.</summary>
    public static (string Name, string Kind)? InventoryOf(AdapterFiles files) => Reading("the upload", () =>
    {
        using var folder = AdapterFolder.Open(files, 0);
        return AdapterReaders.For(folder).InventoryOf(folder);
    });

    /// <summary>Refuses weights that take more memory than one adapter may. <b>Errors</b>: TooLarge <c>adapter_too_large</c>.</summary>
    public void RequireSize(long bytes)
    {
        if (bytes > maxBytes)
        {
            throw StoreErrors.TooLarge(
                "adapter_too_large",
                $"The adapter needs {bytes} bytes of memory and one adapter may take {maxBytes}; start the server with a larger adapter cache or upload limit.");
        }
    }

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

    private AdapterFacts Describe(AdapterTensors tensors, AdapterWeights weights, LowerOption? lower, double? error)
    {
        var bytes = HeldFormat.BytesOf(weights, [.. FormsOf(weights).OfType<LowRankWeights>()]);
        var forms = error is null
            ? tensors.AllForms.Select(site => (site.Form, Rank: site.InnerRank))
            : FormsOf(weights).Select(form => (form.Form, (form as LowRankWeights)?.Rank));
        var types = tensors.AllForms.SelectMany(site => site.Tensors).Concat(tensors.VirtualTokens?.Sources ?? [])
            .Select(tensor => tensor.DType).Where(SafetensorsTypes.IsFloat).Distinct().ToList();
        return new AdapterFacts(
            tensors.Kind,
            [
                .. tensors.VirtualTokens is { } before ? [NameOf(before.Kind)] : Array.Empty<string>(),
                .. forms.CountBy(form => form.Form).OrderByDescending(form => form.Value).ThenBy(form => form.Key).Select(form => FormNames.Of(form.Key)),
            ],
            SvdLowering.Describe(error),
            [.. forms.Select(form => form.Rank).OfType<int>().Distinct().Order()],
            tensors.Dtype ?? (types.Count > 1 ? "mixed" : NameOf(types[0])),
            tensors.AllForms.Select(site => site.Site.Index).Distinct().Count(),
            bytes.File,
            tensors.Tasks)
        {
            HeldBytes = bytes,
            Lower = lower?.ToString(),
            AddedTokens = weights.AddedTokens,
        };
    }

    /// <summary>What became of the file's forms.</summary>
    private IEnumerable<FormWeights> FormsOf(AdapterWeights weights) =>
        baseModel.Sites.SelectMany(site => weights.At(site.Index).ToArray()).Concat(weights.Vocabulary?.Head ?? []);

    private static string NameOf(VirtualTokenKind kind) => kind == VirtualTokenKind.SoftPrompt ? "soft_prompt" : "prefix";

    private static string NameOf(SafetensorsType type) => type switch
    {
        SafetensorsType.F32 => "float32",
        SafetensorsType.BF16 => "bfloat16",
        SafetensorsType.F16 => "float16",
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>Disposes of weights that it refuses.</summary>
    private static void RequireStateSize(AdapterWeights weights)
    {
        if (weights.SequenceStateBytes is var bytes && bytes > MaxSequenceStateBytes)
        {
            weights.Dispose();
            throw StoreErrors.Unservable(
                "state_too_large", $"Every request with this adapter would keep {bytes} bytes of its convolutions' inputs; at most {MaxSequenceStateBytes} are served.");
        }
    }

    /// <summary>Before any memory is taken.</summary>
    private void RequireSize(AdapterTensors tensors, SvdLowering? svd, AdapterWeightFormat format)
    {
        var before = tensors.VirtualTokens?.Elements ?? 0;
        var bytes = before * sizeof(float);
        RequireElements(before);
        foreach (var site in tensors.AllForms)
        {
            var exact = svd?.LeastBytes(site.Site, site.Form, site.LoweredBytes) ?? site.LoweredBytes;
            var isLowRank = HeldFormat.Reaches(site.Form) || (svd is not null && SvdLowering.Reaches(site.Site, site.Form));
            bytes += isLowRank ? HeldFormat.LeastBytes(format, exact) : exact;
            RequireElements(site.LargestElements);
        }

        RequireSize(bytes);
    }

    private static void RequireElements(long elements)
    {
        if (elements * sizeof(float) > MaxTensorBytes)
        {
            throw StoreErrors.TooLarge("tensor_too_large", $"A single tensor has {elements} elements; at most {MaxTensorBytes / sizeof(float)} are served.");
        }
    }
}
