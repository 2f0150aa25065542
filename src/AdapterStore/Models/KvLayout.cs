namespace AdapterServe.AdapterStore.Models;

/// <summary>What a sequence keeps of each token: in each of Layers layers a key and a value of Width numbers.</summary>
/// <param name="Layers">Layers of the base.</param>
/// <param name="Width">kv heads · head size.</param>
internal readonly record struct KvLayout(int Layers, int Width)
{
    /// <summary>Numbers for a token: every layer's key and value.</summary>
    public int TokenWidth => checked(2 * Layers * Width);

    public static KvLayout Of(BaseModel baseModel)
    {
        var keys = baseModel.Sites.Where(site => site.Path.EndsWith(".self_attn.k_proj", StringComparison.Ordinal)).ToList();
        return keys.Count > 0 && keys.TrueForAll(key => key.OutFeatures == keys[0].OutFeatures)
            ? new KvLayout(keys.Count, keys[0].OutFeatures)
            : throw StoreErrors.Unservable(
                "module_kind", $"The layers of the base {baseModel.Id} do not keep keys and values of one width, which a prefix needs.");
    }
}
