namespace AdapterServe.AdapterStore.Models;

/// <summary>Knows what an adapter's folder says about text (tokenizer, chat template), which the store keeps and does not read.</summary>
public interface IAdapterText
{
    /// <summary>Passes when requests can be served with it. <b>Errors</b>: <see cref="AdapterStoreException"/> of kind Unservable.</summary>
    /// <param name="folder">Where the adapter's files lie.</param>
    /// <param name="addedTokens">How many tokens the adapter has behind the base's vocabulary.</param>
    void RequireServable(string folder, int addedTokens);
}
