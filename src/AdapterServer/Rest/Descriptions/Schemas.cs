using System.Globalization;
using Microsoft.OpenApi;

namespace AdapterServe.AdapterServer.Rest.Descriptions;

/// <summary>Short words for JSON schemas.</summary>
internal static class Schemas
{
    public static OpenApiSchema Text(string? description = null) => new() { Type = JsonSchemaType.String, Description = description };

    public static OpenApiSchema Flag(string? description = null) => new() { Type = JsonSchemaType.Boolean, Description = description };

    public static OpenApiSchema Integer(string? description = null, long? min = null, long? max = null) =>
        new() { Type = JsonSchemaType.Integer, Description = description, Minimum = Bound(min), Maximum = Bound(max) };

    public static OpenApiSchema Number(string? description = null, double? min = null, double? max = null) =>
        new() { Type = JsonSchemaType.Number, Description = description, Minimum = Bound(min), Maximum = Bound(max) };

    public static OpenApiSchema List(OpenApiSchema items, string? description = null, int? most = null) =>
        new() { Type = JsonSchemaType.Array, Items = items, Description = description, MaxItems = most };

    /// <summary>An object with any members, all of <paramref name="values"/>'s schema where one is given.</summary>
    public static OpenApiSchema Map(string description, OpenApiSchema? values = null) =>
        new() { Type = JsonSchemaType.Object, Description = description, AdditionalProperties = values };

    public static OpenApiSchema AnyOf(string description, params OpenApiSchema[] forms) => new() { Description = description, AnyOf = [.. forms] };

    /// <summary>An object. Members that are not named are ignored unless it is closed, and null counts as absent.</summary>
    public static OpenApiSchema Object(string[] required, params IEnumerable<(string Name, OpenApiSchema Schema)> members) => new()
    {
        Type = JsonSchemaType.Object,
        Required = required.ToHashSet(StringComparer.Ordinal),
        Properties = members.ToDictionary(member => member.Name, member => (IOpenApiSchema)(required.Contains(member.Name) ? member.Schema : OrNull(member.Schema)), StringComparer.Ordinal),
    };

    /// <summary>An object whose other members are refused.</summary>
    public static OpenApiSchema Closed(OpenApiSchema schema)
    {
        schema.AdditionalPropertiesAllowed = false;
        return schema;
    }

    private static OpenApiSchema OrNull(OpenApiSchema schema)
    {
        if (schema.Type is null)
        {
            schema.AnyOf?.Add(new OpenApiSchema { Type = JsonSchemaType.Null });
        }
        else
        {
            schema.Type |= JsonSchemaType.Null;
        }

        return schema;
    }

    private static string? Bound(IFormattable? value) => value?.ToString(null, CultureInfo.InvariantCulture);
}
