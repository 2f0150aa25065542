using System.Text;
using System.Text.Json;
using AdapterServe.AdapterServer.Rest.ChatCompletions;

namespace AdapterServe.AdapterServer.Rest.Messages;

/// <summary>The blocks of a message as its chat says them, and the events that tell of it. For one thread at a time.</summary>
internal sealed class MessageOutput
{
    private static readonly JsonElement NoInput = JsonElement.Parse("{}");

    private readonly List<MessageBlock> _blocks = [];
    private readonly StringBuilder _text = new();
    private MessageBlock? _open;

    /// <summary>Those that are closed.</summary>
    public IReadOnlyList<MessageBlock> Blocks => _blocks;

    public bool IsCalling { get; private set; }

    /// <summary>What a piece of the chat adds.</summary>
    public List<MessageEvent> Add(ChatDelta delta)
    {
        var events = new List<MessageEvent>();
        if (delta.Content is { Length: > 0 } text)
        {
            if (_open?.Text is null)
            {
                Open(events, new MessageBlock("text", Text: string.Empty));
            }

            Append(events, text, new MessageDelta("text_delta", Text: text));
        }

        foreach (var call in delta.ToolCalls ?? [])
        {
            if (call.Id is { } id)
            {
                IsCalling = true;
                Open(events, new MessageBlock("tool_use", Id: id, Name: call.Function.Name, Input: NoInput));
            }

            Append(events, call.Function.Arguments, new MessageDelta("input_json_delta", PartialJson: call.Function.Arguments));
        }

        return events;
    }

    /// <summary>The end of the last block.</summary>
    public List<MessageEvent> End()
    {
        var events = new List<MessageEvent>();
        Close(events);
        return events;
    }

    private void Append(List<MessageEvent> events, string text, MessageDelta delta)
    {
        _text.Append(text);
        events.Add(new MessageEvent("content_block_delta") { Index = _blocks.Count, Delta = delta });
    }

    private void Open(List<MessageEvent> events, MessageBlock block)
    {
        Close(events);
        _open = block;
        _text.Clear();
        events.Add(new MessageEvent("content_block_start") { Index = _blocks.Count, ContentBlock = block });
    }

    private void Close(List<MessageEvent> events)
    {
        if (_open is null)
        {
            return;
        }

        events.Add(new MessageEvent("content_block_stop") { Index = _blocks.Count });
        _blocks.Add(_open.Text is null ? _open with { Input = Object(_text.ToString()) } : _open with { Text = _text.ToString() });
        _open = null;
    }

    /// <summary>What a call's arguments say; nothing where they were cut off.</summary>
    private static JsonElement Object(string json)
    {
        try
        {
            return JsonElement.Parse(json);
        }
        catch (JsonException)
        {
            return NoInput;
        }
    }
}
