using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Vocabulary;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// The tensors of one adapter, each at its site and with shapes that fit, still in the file. Owns the open file.
/// </summary>
internal sealed class AdapterTensors(string kind, ITensorSource file, ImmutableArray<SiteTensors> sites) : IDisposable
{
    /// <summary>The method, e.g. <c>lora</c>.</summary>
    public string Kind { get; } = kind;

    public ITensorSource File { get; } = file;

    /// <summary>At each site in the order in which the forms apply.</summary>
    public ImmutableArray<SiteTensors> Sites { get; } = sites;

    /// <summary>The tokens that the adapter adds, or null.</summary>
    public VocabularyTensors? Vocabulary { get; init; }

    /// <summary>Forms that are packed, those of added tokens included.</summary>
    public IEnumerable<SiteTensors> AllForms => Vocabulary is null ? Sites : Sites.Concat(Vocabulary.Head);

    /// <summary>What stands before the sequence, or null.</summary>
    public VirtualTokenTensors? VirtualTokens { get; init; }

    /// <summary>Of an activated adapter: it acts from the last place in the prompt where these ids stand. Empty: everywhere.</summary>
    public ImmutableArray<int> InvocationTokens { get; init; } = [];

    /// <summary>All tasks that the file holds, by name or number; <see cref="Sites"/> are those of the one that was asked for. Empty for a kind without tasks.</summary>
    public ImmutableArray<string> Tasks { get; init; } = [];

    /// <summary>See <see cref="Adapters.AdapterWeights.AddsResidual"/>.</summary>
    public bool AddsResidual { get; init; }

    /// <summary>See <see cref="Adapters.AdapterWeights.NeedsOthers"/>.</summary>
    public bool NeedsOthers { get; init; }

    /// <summary>What the weights are held as, where the types of the tensors do not say it.</summary>
    public string? Dtype { get; init; }

    public void Dispose() => File.Dispose();
}
