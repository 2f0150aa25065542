using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Uploads;

/// <summary>How an upload ended.</summary>
/// <param name="Created">True for a new version (201), false when the content was there already (200).</param>
/// <param name="Descriptor">The version that the name means now.</param>
public sealed record UploadResult(bool Created, AdapterDescriptor Descriptor);
