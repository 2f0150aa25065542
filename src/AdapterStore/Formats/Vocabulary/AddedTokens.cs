using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Vocabulary;

/// <summary>
/// How many tokens an adapter adds behind the base's vocabulary.
/// <b>Errors</b>: Unservable <c>vocabulary</c>.
/// </summary>
internal static class AddedTokens
{
    public const int Max = 1 << 16;

    /// <param name="wholes">Whole weights of embedding and head: the tensor's name, its site and its rows.</param>
    /// <param name="ids">Tokens with rows of their own; ids that no adapter may have are left to whoever checks them.</param>
    /// <param name="baseModel">The base.</param>
    public static int Of(IEnumerable<(string Name, Site Site, long Rows)> wholes, IEnumerable<int> ids, BaseModel baseModel)
    {
        var sized = wholes.ToList();
        if (sized.Find(whole => whole.Rows != sized[0].Rows) is { Name: not null } other)
        {
            throw Wrong(
                $"The tensor '{AdapterNames.Shorten(sized[0].Name)}' has rows for {sized[0].Rows} tokens and '{AdapterNames.Shorten(other.Name)}' for {other.Rows}; "
                + "resize embedding and head together and save them with save_embedding_layers=True.");
        }

        var vocabulary = baseModel.Sites.First(site => site.Kind == SiteKind.Embedding).InFeatures;
        var rows = sized.Count > 0 ? sized[0].Rows : 0;
        var added = Math.Max(rows - vocabulary, ids.Where(id => id < vocabulary + Max).Select(id => id + 1L - vocabulary).DefaultIfEmpty().Max());
        if (added <= 0)
        {
            return 0;
        }

        if (rows > 0 && rows < vocabulary + added)
        {
            throw Wrong($"The tensor '{AdapterNames.Shorten(sized[0].Name)}' has rows for {rows} tokens, and the configuration gives the token {vocabulary + added - 1} a row.");
        }

        RequireNoBias(baseModel);
        return added <= Max ? (int)added : throw Wrong($"The adapter adds {added} tokens to the base's {vocabulary}; at most {Max} are served.");
    }

    private static void RequireNoBias(BaseModel baseModel)
    {
        var head = baseModel.Sites.First(site => site.Kind == SiteKind.Head);
        if (baseModel.Weights?.TryReadBias(head, new float[head.OutFeatures]) == true)
        {
            throw Wrong($"The base has a bias behind '{head.Path}', and no part of it is for the tokens that the adapter adds.");
        }
    }

    public static AdapterStoreException Wrong(string message) => StoreErrors.Unservable("vocabulary", message);
}
