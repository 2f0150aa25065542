namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>The answer of a deletion.</summary>
internal sealed record AdapterDeleted(string Id, string Object, bool Deleted);
