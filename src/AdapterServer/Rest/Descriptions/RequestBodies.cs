using Microsoft.OpenApi;

namespace AdapterServe.AdapterServer.Rest.Descriptions;

/// <summary>Says in the API's description what a route's body is. Nothing but the description changes: content types are checked, in better words, by whoever reads the body.</summary>
internal static class RequestBodies
{
    public static RouteHandlerBuilder TakesJson(this RouteHandlerBuilder route, Func<OpenApiSchema> schema) => route.Takes(() => [("application/json", schema())]);

    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder route, Func<IEnumerable<(string Type, OpenApiSchema Schema)>> forms) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = forms().ToDictionary(form => form.Type, form => new OpenApiMediaType { Schema = form.Schema }, StringComparer.Ordinal),
            };
            return Task.CompletedTask;
        });
}
