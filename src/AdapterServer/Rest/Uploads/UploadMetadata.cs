using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;

namespace AdapterServe.AdapterServer.Rest.Uploads;

/// <summary>What a client says of an upload ahead: <c>Upload-Metadata</c>, keys with values in base64, between commas.</summary>
/// <param name="Name">The adapter's.</param>
/// <param name="Lower">See <see cref="AdapterStore.Lowering.LowerOption"/>.</param>
/// <param name="IfMatch">As the header.</param>
/// <param name="Signature">Of the content's digest.</param>
/// <param name="Labels">The adapter's.</param>
internal sealed record UploadMetadata(
    string Name, string? Lower, string? IfMatch, string? Signature, ImmutableSortedDictionary<string, string>? Labels)
{
    private const string Param = TusHeaders.Metadata;

    private static readonly string[] Known = ["name", "lower", "if_match", "signature", "labels", "filename", "filetype"];

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary><b>Errors</b>: 400 for what is not of this form, unknown or twice there, and without a name.</summary>
    public static UploadMetadata Parse(string header)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split(' ', 2);
            if (!Known.Contains(parts[0], StringComparer.Ordinal))
            {
                throw ApiException.Invalid(Param, $"{Param} has none but {string.Join(", ", Known)}.");
            }

            if (!values.TryAdd(parts[0], Decode(parts[0], parts.Length > 1 ? parts[1] : string.Empty)))
            {
                throw ApiException.Invalid(Param, $"{Param} has '{parts[0]}' twice.");
            }
        }

        return new UploadMetadata(
            values.GetValueOrDefault("name") ?? throw ApiException.Missing(Param + " name"),
            values.GetValueOrDefault("lower"),
            values.GetValueOrDefault("if_match"),
            values.GetValueOrDefault("signature"),
            values.TryGetValue("labels", out var labels) ? LabelsOf(labels) : null);
    }

    private static string Decode(string key, string text)
    {
        try
        {
            return Strict.GetString(Convert.FromBase64String(text));
        }
        catch (Exception error) when (error is FormatException or DecoderFallbackException)
        {
            throw ApiException.Invalid(Param, $"The value of '{key}' in {Param} is not UTF-8 text in base64.");
        }
    }

    private static ImmutableSortedDictionary<string, string> LabelsOf(string text)
    {
        using var document = JsonBody.Parse(Encoding.UTF8.GetBytes(text));
        return document.RootElement.ValueKind == JsonValueKind.Object
            ? document.RootElement.EnumerateObject().ToImmutableSortedDictionary(
                label => label.Name,
                label => label.Value.ValueKind == JsonValueKind.String
                    ? label.Value.GetString()!
                    : throw ApiException.WrongType("labels." + label.Name, "a string"),
                StringComparer.Ordinal)
            : throw ApiException.WrongType("labels", "an object");
    }
}
