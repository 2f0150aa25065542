using System.Buffers;
using System.Text;

namespace AdapterServe.Client.Sse;

/// <summary>
/// Turns bytes into events, whatever pieces they come in. <b>Semantics</b>: lines end with CR, LF or CRLF; a blank line ends an event; an event
/// without data is none; what follows the last blank line is dropped; a byte order mark at the beginning is skipped. <b>Effects</b>: holds at most a
/// line and an event's data. <b>Errors</b>: <see cref="SseFormatException"/> beyond a limit. <b>Source</b>: WHATWG HTML, 9.2.6 "Interpreting an event
/// stream".
/// </summary>
internal sealed class SseParser(SseLimits limits)
{
    private const string DefaultType = "message";
    private const int MaxTypeBytes = 256;
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly ArrayBufferWriter<byte> _data = new();
    private string _type = DefaultType;
    private bool _hasData;
    private bool _afterReturn;
    private bool _isFirstLine = true;
    private bool _isDelivered;
    private long _streamBytes;

    /// <summary>Takes from <paramref name="input"/> up to the end of the next event; false when the input is used up before it.</summary>
    public bool TryRead(ref ReadOnlyMemory<byte> input, out ServerSentEvent next)
    {
        ForgetDelivered();
        while (TryReadLine(ref input))
        {
            var isEnd = _line.WrittenCount == 0;
            if (!isEnd)
            {
                TakeField(_line.WrittenSpan);
                _line.ResetWrittenCount();
                continue;
            }

            if (_hasData)
            {
                next = new ServerSentEvent(_type, _data.WrittenMemory);
                _isDelivered = true;
                return true;
            }

            _type = DefaultType;
        }

        next = default;
        return false;
    }

    private void ForgetDelivered()
    {
        if (_isDelivered)
        {
            _data.ResetWrittenCount();
            (_hasData, _isDelivered, _type) = (false, false, DefaultType);
        }
    }

    /// <summary>Appends to the line; true when it is complete.</summary>
    private bool TryReadLine(ref ReadOnlyMemory<byte> input)
    {
        var bytes = input.Span;
        if (_afterReturn && bytes.Length > 0)
        {
            _afterReturn = false;
            if (bytes[0] == '\n')
            {
                bytes = bytes[1..];
                _streamBytes++;
            }
        }

        var end = bytes.IndexOfAny((byte)'\r', (byte)'\n');
        var taken = end < 0 ? bytes : bytes[..end];
        Require(_line.WrittenCount + (long)taken.Length <= limits.LineBytes, $"A line of the stream is longer than {limits.LineBytes} bytes.");
        _streamBytes += taken.Length + (end < 0 ? 0 : 1);
        Require(_streamBytes <= limits.StreamBytes, $"The stream is longer than {limits.StreamBytes} bytes.");
        _line.Write(taken);
        if (end < 0)
        {
            input = default;
            return false;
        }

        _afterReturn = bytes[end] == '\r';
        input = input[(input.Length - bytes.Length + end + 1)..];
        SkipMark();
        return true;
    }

    private void SkipMark()
    {
        if (_isFirstLine && _line.WrittenSpan.StartsWith("\uFEFF"u8))
        {
            var rest = _line.WrittenSpan[3..].ToArray();
            _line.ResetWrittenCount();
            _line.Write(rest);
        }

        _isFirstLine = false;
    }

    private void TakeField(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        var name = colon < 0 ? line : line[..colon];
        var value = colon < 0 ? default : line[(colon + 1)..];
        if (value.Length > 0 && value[0] == ' ')
        {
            value = value[1..];
        }

        if (name.SequenceEqual("data"u8))
        {
            Require(_data.WrittenCount + (long)value.Length < limits.EventBytes, $"An event of the stream is longer than {limits.EventBytes} bytes.");
            if (_hasData)
            {
                _data.Write("\n"u8);
            }

            _data.Write(value);
            _hasData = true;
        }
        else if (name.SequenceEqual("event"u8))
        {
            Require(value.Length <= MaxTypeBytes, $"An event's type is longer than {MaxTypeBytes} bytes.");
            _type = value.Length == 0 ? DefaultType : Encoding.UTF8.GetString(value);
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new SseFormatException(message);
        }
    }
}
