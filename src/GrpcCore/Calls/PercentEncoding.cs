using System.Buffers;
using System.Text;

namespace Grpc.AspNetCore.Server.Calls;

/// <summary>A status' message as a header: UTF-8, with <c>%XX</c> for all but printable ASCII and for the percent sign.</summary>
internal static class PercentEncoding
{
    private static readonly SearchValues<char> s_plain =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code).Where(letter => letter != '%')]);

    public static string Encode(string message)
    {
        if (!message.AsSpan().ContainsAnyExcept(s_plain))
        {
            return message;
        }

        var encoded = new StringBuilder(message.Length * 2);
        foreach (var value in Encoding.UTF8.GetBytes(message))
        {
            if (s_plain.Contains((char)value))
            {
                encoded.Append((char)value);
            }
            else
            {
                encoded.Append('%').Append(Convert.ToHexString([value]));
            }
        }

        return encoded.ToString();
    }
}
