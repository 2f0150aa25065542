namespace AdapterServe.AdapterStore.Models;

/// <summary>What a sequence keeps of each token: in each of Layers layers a key and a value of Width numbers.</summary>
/// <param name="Layers">Layers of the base.</param>
/// <param name="Width">kv heads · head size.</param>
internal readonly record struct KvLayout(int Layers, int Width)
{
    /// <summary>Numbers for a token: every layer's key and value.</summary>
    public int TokenWidth => checked(2 * Layers * Width);

    public static KvLayout Of(BaseModel baseModel) => baseModel is { Layers: > 0, KvHeads: > 0, HeadSize: > 0 }
        ? new KvLayout(baseModel.Layers, baseModel.KvHeads * baseModel.HeadSize)
        : throw StoreErrors.Unservable("module_kind", $"The base {baseModel.Id} does not say what its layers keep of a token, which a prefix needs.");
}
