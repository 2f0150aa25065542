using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;

namespace AdapterServe.AdapterServer.Rest.Generate;

/// <param name="Error">One sentence for a person.</param>
/// <param name="ErrorType">TGI's word for the class of error: <c>validation</c>, <c>overloaded</c> or <c>generation</c>.</param>
/// <param name="Code">Our own stable word, which TGI's bodies don't have.</param>
internal sealed record GenerateError(string Error, string ErrorType, string Code)
{
    /// <summary>What is wrong with a request is a 422, as in TGI; other statuses stay.</summary>
    public static ErrorForm Form { get; } = new(
        error => (error.Status == 400 ? 422 : error.Status, JsonSerializer.SerializeToUtf8Bytes(Of(error), RestJson.Answers.GenerateError)));

    public static GenerateError Of(ApiError error) => new(error.Body.Error.Message, TypeOf(error.Status), error.Body.Error.Code);

    private static string TypeOf(int status) => status switch
    {
        429 or 503 => "overloaded",
        >= 500 => "generation",
        _ => "validation",
    };
}
