using System.Text;
using AdapterServe.AdapterServer.Rest.ChatCompletions;

namespace AdapterServe.AdapterServer.Rest.Responses;

/// <summary>The items of a response as its chat says them, and the events that tell of it. For one thread at a time.</summary>
internal sealed class ResponseOutput
{
    private const string InProgress = "in_progress";
    private readonly List<ResponseItem> _items = [];
    private readonly StringBuilder _text = new();
    private ResponseItem? _open;

    /// <summary>Those that are closed.</summary>
    public IReadOnlyList<ResponseItem> Items => _items;

    /// <summary>What a piece of the chat adds.</summary>
    public List<ResponseEvent> Add(ChatDelta delta)
    {
        var events = new List<ResponseEvent>();
        if (delta.Content is { Length: > 0 } text)
        {
            if (_open?.Content is null)
            {
                Close(events, "completed");
                OpenMessage(events);
            }

            _text.Append(text);
            events.Add(Of("response.output_text.delta") with { ContentIndex = 0, Delta = text, Logprobs = [] });
        }

        foreach (var call in delta.ToolCalls ?? [])
        {
            if (call.Id is { } id)
            {
                Close(events, "completed");
                Open(events, new ResponseItem { Id = NewId("fc_"), Type = "function_call", Status = InProgress, CallId = id, Name = call.Function.Name, Arguments = string.Empty });
            }

            _text.Append(call.Function.Arguments);
            events.Add(Of("response.function_call_arguments.delta") with { Delta = call.Function.Arguments });
        }

        return events;
    }

    /// <summary>The end of the last item.</summary>
    public List<ResponseEvent> End(string status)
    {
        var events = new List<ResponseEvent>();
        if (_items.Count == 0 && _open is null)
        {
            // An answer without a character is a message too.
            OpenMessage(events);
        }

        Close(events, status);
        return events;
    }

    private static string NewId(string prefix) => prefix + Guid.NewGuid().ToString("N");

    private void OpenMessage(List<ResponseEvent> events)
    {
        Open(events, new ResponseItem { Id = NewId("msg_"), Type = "message", Status = InProgress, Role = "assistant", Content = [] });
        events.Add(Of("response.content_part.added") with { ContentIndex = 0, Part = new ResponsePart(string.Empty) });
    }

    private void Open(List<ResponseEvent> events, ResponseItem item)
    {
        _open = item;
        _text.Clear();
        events.Add(new ResponseEvent("response.output_item.added") { OutputIndex = _items.Count, Item = item });
    }

    private void Close(List<ResponseEvent> events, string status)
    {
        if (_open is null)
        {
            return;
        }

        var text = _text.ToString();
        var isMessage = _open.Content is not null;
        var item = isMessage ? _open with { Status = status, Content = [new ResponsePart(text)] } : _open with { Status = status, Arguments = text };
        if (isMessage)
        {
            events.Add(Of("response.output_text.done") with { ContentIndex = 0, Text = text, Logprobs = [] });
            events.Add(Of("response.content_part.done") with { ContentIndex = 0, Part = item.Content![0] });
        }
        else
        {
            events.Add(Of("response.function_call_arguments.done") with { Name = item.Name, Arguments = text });
        }

        events.Add(new ResponseEvent("response.output_item.done") { OutputIndex = _items.Count, Item = item });
        _items.Add(item);
        _open = null;
    }

    private ResponseEvent Of(string type) => new(type) { ItemId = _open!.Id, OutputIndex = _items.Count };
}
