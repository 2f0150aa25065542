namespace AdapterServe.AdapterStore.Composition.Blocks;

/// <summary>Why a composition has no exact meaning. <b>Errors</b>: Unservable <c>not_composable</c>.</summary>
internal static class BlockErrors
{
    public static AdapterStoreException NotComposable(string why) => StoreErrors.Unservable("not_composable", why);

    public static AdapterStoreException LacksSite(SingleBlock child, string path) =>
        NotComposable($"'{child.Name}' has no bottleneck at '{path}', where others of the composition have one; compose adapters that act on the same layers.");

    public static AdapterStoreException ReadsElse(SingleBlock child) =>
        NotComposable($"'{child.Name}' reads other rows than the adapters that it is composed with (it is parallel, or adds the residual elsewhere); the library drops part of such a composition.");
}
