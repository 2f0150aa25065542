using AdapterServe.AdapterStore.Tenants;
using Microsoft.OpenApi;
using static AdapterServe.AdapterServer.Rest.Descriptions.Schemas;

namespace AdapterServe.AdapterServer.Rest.Descriptions;

/// <summary>The bodies of the tenants' routes.</summary>
internal static class TenantSchemas
{
    public static OpenApiSchema Settings() => Closed(Object(
        [],
        ("limits", Closed(Object(
            [],
            ("adapters", Integer("Names with an adapter.", 0)),
            ("bytes", Integer("Of the files of all versions, deleted ones included until they are purged.", 0)),
            ("requests_per_minute", Integer("Generations begun, at each server.", 0)),
            ("tokens_per_minute", Integer("Of prompts and answers, at each server.", 0)),
            ("concurrent_sequences", Integer("Prompts times choices of all requests that run, at each server.", 0))))),
        ("weight", Integer($"The part of a busy engine beside other tenants'; {TenantSettings.DefaultWeight} unless set.", TenantSettings.MinWeight, TenantSettings.MaxWeight)),
        ("priority", Integer("Tenants with lower numbers go first.", -TenantSettings.MaxPriority, TenantSettings.MaxPriority)),
        ("labels", Map("All labels; what is not named goes.", Text()))));
}
