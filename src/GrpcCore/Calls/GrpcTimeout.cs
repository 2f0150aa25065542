using System.Globalization;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Calls;

/// <summary><c>grpc-timeout</c>: one to eight digits and a unit.</summary>
internal static class GrpcTimeout
{
    private const int MaxDigits = 8;

    /// <summary>Null without a header. <b>Errors</b>: <see cref="RpcException"/> Internal for a malformed one.</summary>
    public static TimeSpan? Parse(string? header)
    {
        if (string.IsNullOrEmpty(header))
        {
            return null;
        }

        var digits = header.AsSpan(0, header.Length - 1);
        if (digits.Length is 0 or > MaxDigits || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || TicksOf(header[^1]) is not { } unit)
        {
            throw new RpcException(new Status(StatusCode.Internal, "The header 'grpc-timeout' has one to eight digits and one of H, M, S, m, u, n."));
        }

        // Less than a tick is still not yet over.
        return unit == 0 ? TimeSpan.FromTicks((number + 99) / 100) : TimeSpan.FromTicks(number * unit);
    }

    /// <summary>0 for nanoseconds, of which a tick has 100.</summary>
    private static long? TicksOf(char unit) => unit switch
    {
        'H' => TimeSpan.TicksPerHour,
        'M' => TimeSpan.TicksPerMinute,
        'S' => TimeSpan.TicksPerSecond,
        'm' => TimeSpan.TicksPerMillisecond,
        'u' => TimeSpan.TicksPerMicrosecond,
        'n' => 0,
        _ => null,
    };
}
