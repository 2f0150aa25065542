using Microsoft.OpenApi;

namespace AdapterServe.AdapterServer.Rest.Descriptions;

/// <summary>Says in the API's description what a route's body is. Nothing but the description changes: content types are checked, in better words, by whoever reads the body.</summary>
internal static class RequestBodies
{
    public static RouteHandlerBuilder TakesJson(this RouteHandlerBuilder route, Func<OpenApiSchema> schema) => route.Takes(() => [("application/json", schema())]);

    /// <summary>An optional parameter behind the question mark.</summary>
    public static RouteHandlerBuilder TakesQuery(this RouteHandlerBuilder route, string name, Func<OpenApiSchema> schema) => route.TakesParameter(name, ParameterLocation.Query, schema);

    /// <summary>An optional header.</summary>
    public static RouteHandlerBuilder TakesHeader(this RouteHandlerBuilder route, string name, Func<OpenApiSchema> schema) => route.TakesParameter(name, ParameterLocation.Header, schema);

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

    private static RouteHandlerBuilder TakesParameter(this RouteHandlerBuilder route, string name, ParameterLocation place, Func<OpenApiSchema> schema) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter { Name = name, In = place, Schema = schema() });
            return Task.CompletedTask;
        });
}
