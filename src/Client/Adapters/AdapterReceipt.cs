namespace AdapterServe.Client.Adapters;

/// <summary>What an upload answered.</summary>
/// <param name="Name">The adapter.</param>
/// <param name="Version">Counted from 1.</param>
/// <param name="Digest"><c>sha256:…</c> of names and contents.</param>
/// <param name="IsNew">False when the server had the same content already.</param>
public sealed record AdapterReceipt(string Name, int Version, string Digest, bool IsNew);
