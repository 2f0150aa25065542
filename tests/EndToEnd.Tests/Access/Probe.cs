using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterStore.Access;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Routing;

namespace AdapterServe.EndToEnd.Tests.Access;

/// <summary>
/// Every endpoint that the server has, over REST and gRPC, with requests made of its own description that name something wherever it takes a name. A new endpoint is included by itself.
/// </summary>
internal sealed partial class Probe
{
    public const int Variants = 2;

    private const int MostDepth = 3;

    /// <summary>What stands before each message of a call.</summary>
    private const int FrameBytes = 5;

    /// <summary>Events until the caller has enough, so it gets a deadline.</summary>
    private const string EndlessCall = "Watch";

    private static readonly string[] s_names = ["model", "name", "adapters", "tenant", "id", "fusion", "prompt", "messages", "tokens", "model_name", "adapter", "start", "parameters", "adapter_id"];

    private readonly JsonNode _description;
    private readonly IMethod? _call;

    private Probe(RouteEndpoint route, string method, IMethod? call, JsonNode description) => (Route, Method, _call, _description) = (route, method, call, description);

    public RouteEndpoint Route { get; }

    public string Method { get; }

    public bool IsCall => _call is not null;

    /// <summary>Of the messages that a call answers with.</summary>
    public MessageParser? Messages => _call is null ? null : ((IMessage)Activator.CreateInstance(_call.GetType().GetGenericArguments()[1])!).Descriptor.Parser;

    public AccessScopes Needed => NeedsAttribute.Of(Route);

    /// <summary>All that are not open to everybody.</summary>
    public static async Task<IReadOnlyList<Probe>> AllAsync(JsonNode description)
    {
        await using var app = ServerApplication.Build([]);
        return [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(route => NeedsAttribute.Of(route) != AccessScopes.None)
            .SelectMany(route => route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Select(method =>
                new Probe(route, method, route.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method, description)))];
    }

    public override string ToString() => $"{Method} {Route.RoutePattern.RawText}";

    /// <summary>A request that names something.</summary>
    /// <param name="servers">REST, and gRPC.</param>
    /// <param name="name">What.</param>
    /// <param name="tenant">Whose it may be.</param>
    /// <param name="variant">Which of the forms that the endpoint takes.</param>
    public HttpRequestMessage Request((Uri Plain, Uri Calls) servers, string name, string tenant, int variant)
    {
        if (_call is not null)
        {
            return Call(servers.Calls, name, variant);
        }

        var path = ParameterPattern().Replace(Route.RoutePattern.RawText!, match => match.Groups[1].Value switch
        {
            "version" => "1",
            "alias" => "prod",
            _ => Uri.EscapeDataString(name),
        });
        var query = variant == 0 ? string.Empty : $"?namespace={tenant}&tenant={tenant}&name={Uri.EscapeDataString(name)}";
        return new HttpRequestMessage(new HttpMethod(Method), new Uri(servers.Plain, path + query)) { Content = Body(name, variant) };
    }

    /// <summary>Status, headers and body of an answer without what says when it was given.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="request">What is sent.</param>
    /// <param name="messages">Of a call.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<string> AnswerAsync(HttpClient client, HttpRequestMessage request, MessageParser? messages, CancellationToken cancellationToken)
    {
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        var isEndless = response.Content.Headers.ContentType?.MediaType == "text/event-stream";
        var bytes = isEndless ? "(events)"u8.ToArray() : await response.Content.ReadAsByteArrayAsync(cancellationToken);
        var body = messages is null ? Encoding.Latin1.GetString(bytes) : Text(bytes, messages);
        var headers = response.Headers.Concat(response.Content.Headers).Concat(response.TrailingHeaders).Where(header => header.Key is not "Date").Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
        return TimePattern().Replace($"{(int)response.StatusCode}\n{string.Join('\n', headers)}\n\n{body}", "TIME");
    }

    private static string Text(ReadOnlyMemory<byte> frames, MessageParser messages)
    {
        var text = new StringBuilder();
        while (!frames.IsEmpty)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(frames.Span[1..]);
            text.AppendLine(JsonFormatter.Default.Format(messages.ParseFrom(frames.Span.Slice(FrameBytes, length))));
            frames = frames[(FrameBytes + length)..];
        }

        return text.ToString();
    }

    private HttpRequestMessage Call(Uri server, string name, int variant)
    {
        var message = (IMessage)Activator.CreateInstance(_call!.GetType().GetGenericArguments()[0])!;
        Fill(message, name, variant, 0);
        var bytes = message.ToByteArray();
        byte[] frame = [0, (byte)(bytes.Length >> 24), (byte)(bytes.Length >> 16), (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, _call.FullName))
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(frame),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        if (_call.Name == EndlessCall)
        {
            request.Headers.TryAddWithoutValidation("grpc-timeout", "200m");
        }

        return request;
    }

    private static void Fill(IMessage message, string name, int variant, int depth)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder().Where(field => variant > 0 || s_names.Contains(field.Name)))
        {
            var isTaken = field.RealContainingOneof?.Accessor.GetCaseFieldDescriptor(message) is not null;
            object? value = isTaken || field.IsMap ? null : field.FieldType switch
            {
                FieldType.String => name,
                FieldType.Message when depth < MostDepth => Nested(field, name, variant, depth),
                _ => null,
            };
            if (value is not null && field.IsRepeated)
            {
                ((System.Collections.IList)field.Accessor.GetValue(message)).Add(value);
            }
            else if (value is not null)
            {
                field.Accessor.SetValue(message, value);
            }
        }
    }

    private static IMessage Nested(FieldDescriptor field, string name, int variant, int depth)
    {
        var nested = (IMessage)Activator.CreateInstance(field.MessageType.ClrType)!;
        Fill(nested, name, variant, depth + 1);
        return nested;
    }

    private ByteArrayContent? Body(string name, int variant)
    {
        var path = ParameterPattern().Replace(Route.RoutePattern.RawText!, match => "{" + match.Groups[1].Value + "}").TrimEnd('/');
        if (_description["paths"]?[path]?[Method.ToLower(CultureInfo.InvariantCulture)]?["requestBody"]?["content"] is not JsonObject content)
        {
            return null;
        }

        if (content["application/json"]?["schema"] is { } schema)
        {
            return new StringContent(Value(schema, name, variant, 0)!.ToJsonString(), Encoding.UTF8, "application/json");
        }

        var bytes = new ByteArrayContent("no archive"u8.ToArray());
        bytes.Headers.ContentType = new MediaTypeHeaderValue("application/zip");
        return bytes;
    }

    private JsonNode? Value(JsonNode schema, string name, int variant, int depth)
    {
        if (schema["$ref"] is { } reference)
        {
            return Value(_description["components"]!["schemas"]![((string)reference!).Split('/')[^1]]!, name, variant, depth);
        }

        if ((schema["anyOf"] ?? schema["oneOf"]) is JsonArray { Count: > 0 } forms)
        {
            return Value(forms[variant % forms.Count]!, name, variant, depth);
        }

        var type = schema["type"] is JsonArray types ? (string?)types.FirstOrDefault(type => (string?)type != "null") : (string?)schema["type"];
        return type switch
        {
            "integer" or "number" => (int?)schema["minimum"] ?? 1,
            "boolean" => false,
            "array" when depth > MostDepth => new JsonArray(),
            "array" => new JsonArray(schema["items"] is { } items ? Value(items, name, variant, depth + 1) : 1),
            "object" => Object(schema, name, variant, depth),
            _ => (schema["enum"] as JsonArray)?[0]?.DeepClone() ?? name,
        };
    }

    private JsonObject Object(JsonNode schema, string name, int variant, int depth)
    {
        var required = (schema["required"] as JsonArray)?.Select(field => (string)field!).ToHashSet() ?? [];
        var value = new JsonObject();
        foreach (var (field, of) in schema["properties"] as JsonObject ?? [])
        {
            if (required.Contains(field) || (depth < MostDepth && s_names.Contains(field) && (variant > 0 || field is not "adapters")))
            {
                value[field] = Value(of!, name, variant, depth + 1);
            }
        }

        return value;
    }

    [GeneratedRegex(@"\{\**([a-zA-Z]+)[^}]*\}")]
    private static partial Regex ParameterPattern();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)|(?<=""(id|revision)"":)( ""\d{1,9}""|\d+)")]
    private static partial Regex TimePattern();
}
