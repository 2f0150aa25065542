using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Calls;

/// <summary>Metadata to HTTP headers and back; bytes are base64, with or without padding.</summary>
internal static class MetadataHeaders
{
    private static readonly HashSet<string> s_ofTheProtocol = new(StringComparer.OrdinalIgnoreCase)
    {
        GrpcProtocol.Timeout, GrpcProtocol.Encoding, GrpcProtocol.AcceptEncoding, "grpc-message-type", "content-type", "te", "host", "accept-encoding", "content-length",
    };

    /// <summary><b>Errors</b>: <see cref="RpcException"/> Internal for bytes that are no base64.</summary>
    public static Metadata Read(IHeaderDictionary headers)
    {
        var metadata = new Metadata();
        foreach (var (key, values) in headers)
        {
            if (key.StartsWith(':') || s_ofTheProtocol.Contains(key))
            {
                continue;
            }

            foreach (var value in values)
            {
                Add(metadata, key, value ?? string.Empty);
            }
        }

        return metadata;
    }

    public static string Text(Metadata.Entry entry) => entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value;

    private static void Add(Metadata metadata, string key, string value)
    {
        if (!key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase))
        {
            metadata.Add(new Metadata.Entry(key, value));
            return;
        }

        // Several values of one key may have become one header.
        foreach (var part in value.Split(','))
        {
            metadata.Add(new Metadata.Entry(key, Decode(key, part.Trim())));
        }
    }

    private static byte[] Decode(string key, string value)
    {
        try
        {
            return Convert.FromBase64String(value.PadRight((value.Length + 3) / 4 * 4, '='));
        }
        catch (FormatException e)
        {
            throw new RpcException(new Status(StatusCode.Internal, $"The metadata '{key}' is not base64.", e));
        }
    }
}
