using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>Whom a request asks for, checked but not resolved.</summary>
/// <param name="Name">The field <c>model</c> as the client wrote it; answered as it is.</param>
/// <param name="Adapters">The adapters that act together, or null where only the name says which.</param>
internal sealed record RequestedModel(string Name, MixtureRequest? Adapters)
{
    /// <summary><b>Errors</b>: <see cref="ApiException"/> 400 whose <c>param</c> names the field.</summary>
    public static RequestedModel Parse(JsonFields fields) =>
        fields.RequiredString("model") is { Length: > 0 } name ? new RequestedModel(name, MixtureParser.Parse(fields)) : throw ApiException.Invalid("model", "'model' is empty.");
}
