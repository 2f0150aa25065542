using System.Globalization;
using System.Net.Http.Headers;
using AdapterServe.Client.Http;

namespace AdapterServe.Client.Grpc;

/// <summary>How a call ended, from its trailers, or from its headers where it had nothing else.</summary>
internal static class GrpcStatus
{
    private const int MaxMessageCharacters = 500;

    /// <summary>By gRPC's status code, the HTTP status that means the same.</summary>
    private static readonly int[] s_http = [200, 499, 500, 400, 504, 404, 409, 403, 429, 422, 409, 400, 501, 500, 503, 500, 401];

    /// <summary><b>Errors</b>: <see cref="ApiException"/> for any status but OK; <see cref="InvalidDataException"/> where there is none.</summary>
    public static void RequireOk(HttpResponseMessage response)
    {
        var end = response.TrailingHeaders.Contains("grpc-status") ? (HttpHeaders)response.TrailingHeaders : response.Headers;
        if (!int.TryParse(Value(end, "grpc-status"), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
        {
            throw new InvalidDataException("The answer ended without a status.");
        }

        if (code != 0)
        {
            var wait = double.TryParse(Value(end, "retry-after"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
            var status = code < s_http.Length ? s_http[code] : 500;
            throw new ApiException(status, Value(end, "error-code"), Message(end) ?? $"The call ended with status {code.ToString(CultureInfo.InvariantCulture)}.", wait);
        }
    }

    /// <summary>Other people's text on one line without control characters.</summary>
    private static string? Message(HttpHeaders end) => Value(end, "grpc-message") is { Length: > 0 } escaped
        ? string.Concat(Uri.UnescapeDataString(escaped).Take(MaxMessageCharacters).Select(letter => char.IsControl(letter) ? ' ' : letter))
        : null;

    private static string? Value(HttpHeaders headers, string name) => headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
