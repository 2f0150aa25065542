namespace AdapterServe.AdapterServer.Rest.Keys;

/// <param name="Object">Always <c>list</c>.</param>
/// <param name="Data">By tenant and age.</param>
/// <param name="HasMore">True when a page was asked for and more follow it.</param>
internal sealed record KeyList(string Object, IReadOnlyList<KeyItem> Data, bool HasMore);
