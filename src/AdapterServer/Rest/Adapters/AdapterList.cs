using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <param name="Object">Always <c>list</c>.</param>
/// <param name="Data">By name, or by version where one adapter's versions are listed.</param>
/// <param name="HasMore">True when a page was asked for and more follow it.</param>
internal sealed record AdapterList(string Object, IReadOnlyList<AdapterDescriptor> Data, bool HasMore);
