using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.AdapterTexts;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>
/// The base's text and those of adapters that bring a tokenizer, a chat template or tokens of their own. <b>Effects</b>: thread safe; keeps those used last, read from the
/// adapters' folders. <b>Errors</b>: Unservable for files that can't be served or read.
/// </summary>
internal sealed class ServingTexts(ServingText baseText, Tokenizer baseTokenizer, AdapterTextReader reader, AdapterStorage store)
{
    /// <summary>An added token or a template takes some hundred bytes a character.</summary>
    private const long KeptCharacters = 4 << 20;

    private readonly RecentlyUsed<Kept> _kept = new(KeptCharacters, kept => kept.Characters);

    public ServingText Base => baseText;

    /// <summary>What answers are held to, for the base and every adapter: tokens that an adapter adds are never part of such an answer.</summary>
    public ServingGuides Guides { get; } = new(baseTokenizer);

    /// <summary>Null is the base.</summary>
    public async ValueTask<ServingText> OfAsync(AdapterVersion? version, CancellationToken cancellationToken)
    {
        if (version is null)
        {
            return baseText;
        }

        if (!_kept.Has(version.Digest))
        {
            await store.FetchFilesAsync(version, cancellationToken).ConfigureAwait(false);
        }

        return _kept.Get(version.Digest, () => Read(version)).Text;
    }

    private Kept Read(AdapterVersion version)
    {
        using var files = store.OpenFiles(version);
        var own = reader.Read(files.Folder, version.AddedTokens);
        if (own is { Tokenizer: null, Template: null } && version.AddedTokens == 0)
        {
            return new Kept(baseText, 0);
        }

        var facts = new ModelFacts(baseText.Facts.VocabularySize + version.AddedTokens, baseText.Facts.ContextTokens, baseText.Facts.Defaults);
        var tokens = baseText.Tokens.Over(own.Tokenizer ?? baseTokenizer, facts);
        return new Kept(new ServingText(facts, tokens, own.Template ?? baseText.Template, own.EndIds) { ForeignIds = [.. own.Tokenizer?.Redefined(baseTokenizer) ?? []] }, own.Characters);
    }

    private sealed record Kept(ServingText Text, long Characters);
}
