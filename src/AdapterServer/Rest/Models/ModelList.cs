namespace AdapterServe.AdapterServer.Rest.Models;

/// <param name="Object">Always <c>list</c>.</param>
/// <param name="Data">The base first, then the adapters by name.</param>
/// <param name="HasMore">True when a page was asked for and more follow it.</param>
internal sealed record ModelList(string Object, IReadOnlyList<ModelCard> Data, bool HasMore);
