namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>What a call to fuse or unfuse has led to.</summary>
/// <param name="Name">The adapter.</param>
/// <param name="Version">Its version.</param>
/// <param name="Digest">Its content.</param>
/// <param name="Fused">Whether it is in the base's weights now.</param>
/// <param name="SwitchMs">How long no request was computed; 0 where nothing was to be done.</param>
internal sealed record AdapterFusion(string Name, int Version, string Digest, bool Fused, double SwitchMs);
