using System.Text;
using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Adapters;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Rest.LoraAdapters;

/// <summary>vLLM's calls that load an adapter from the server's own disk and take it away again.</summary>
internal static class LoraEndpoints
{
    public static void MapLoraAdapters(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/load_lora_adapter", LoadAsync).WithName("LoadLoraAdapter").Needs(AccessScopes.Operator).WithTags("adapters").TakesJson(OtherSchemas.LoadLora).Produces<string>(contentType: "text/plain");
        routes.MapPost("/v1/unload_lora_adapter", UnloadAsync).WithName("UnloadLoraAdapter").Needs(AccessScopes.Operator).WithTags("adapters").TakesJson(OtherSchemas.UnloadLora).Produces<string>(contentType: "text/plain");
    }

    private static async Task LoadAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        model.LoraFolders.RequireAny();
        var fields = new JsonFields(body.RootElement);
        var place = AdapterPlace.Of(model.Principal, fields.RequiredString("lora_name"));
        var folder = model.LoraFolders.Find(fields.RequiredString("lora_path"));
        if (!fields.Bool("load_inplace", absent: false) && await IsThereAsync(model, place, context.RequestAborted).ConfigureAwait(false))
        {
            throw new ApiException(
                400, ErrorCodes.LoraLoaded, $"The lora adapter '{place.Name}' has already been loaded. If you want to load the adapter in place, set 'load_inplace' to True.", "lora_name");
        }

        using var files = model.Store.Uploads.Begin();
        await model.LoraFolders.StageAsync(folder, files, context.RequestAborted).ConfigureAwait(false);
        await model.Store.Uploads.PutAsync(place.Caller(context.Request), place.Name, files, null, context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, $"Success: LoRA adapter '{place.Name}' added successfully.").ConfigureAwait(false);
    }

    private static async Task UnloadAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        model.LoraFolders.RequireAny();
        var place = AdapterPlace.Of(model.Principal, new JsonFields(body.RootElement).RequiredString("lora_name"));
        model.Fused.RequireDeletable(place.Tenant, place.Name, null);
        await model.Store.Catalog.DeleteAsync(place.Caller(context.Request), place.Name, context.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(context, $"Success: LoRA adapter '{place.Name}' removed successfully.").ConfigureAwait(false);
    }

    private static async Task<bool> IsThereAsync(ServingModel model, AdapterPlace place, CancellationToken cancellationToken)
    {
        try
        {
            await model.LookAsync(() => model.Store.Catalog.Get(place.Tenant, place.Name), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (AdapterStoreException missing) when (missing.Kind == AdapterErrorKind.NotFound)
        {
            return false;
        }
    }

    private static async Task AnswerAsync(HttpContext context, string sentence)
    {
        var answer = Encoding.UTF8.GetBytes(sentence);
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.ContentLength = answer.Length;
        await context.Response.Body.WriteAsync(answer, context.RequestAborted).ConfigureAwait(false);
    }
}
