using AdapterServe.AdapterServer.Rest.Tools;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>What the text of one choice says: content and, where there are functions, calls. For one thread at a time.</summary>
internal sealed class ChatAnswer(ChatTools? tools)
{
    private const string Function = "function";
    private readonly ToolCallReader? _reader = tools?.CreateReader();

    /// <summary>What a piece of the text adds; of a choice that may call, nothing where that is not certain yet.</summary>
    public IEnumerable<ChatDelta> Append(string text, bool isLast)
    {
        if (_reader is null)
        {
            return [new ChatDelta(Content: text)];
        }

        var pieces = _reader.Append(text);
        return (isLast ? [.. pieces, .. _reader.End()] : pieces).Select(Delta);
    }

    /// <summary>OpenAI's word for how it ended.</summary>
    /// <param name="word">That for a choice without calls.</param>
    public string FinishWord(string word) => word == "stop" && _reader?.Calls > 0 ? "tool_calls" : word;

    /// <summary>The message that such additions make together.</summary>
    public static ChatMessage Join(string role, IEnumerable<ChatDelta> deltas)
    {
        var all = deltas.ToArray();
        var content = string.Concat(all.Select(delta => delta.Content));
        var calls = all.SelectMany(delta => delta.ToolCalls ?? []).GroupBy(call => call.Index).Select(Whole).ToArray();
        return new ChatMessage(role, content.Length == 0 && calls.Length > 0 ? null : content, null, calls.Length == 0 ? null : calls);
    }

    private static ChatToolCall Whole(IEnumerable<ChatToolCall> parts)
    {
        var first = parts.First();
        return first with { Index = null, Function = first.Function with { Arguments = string.Concat(parts.Select(part => part.Function.Arguments)) } };
    }

    private ChatDelta Delta(ToolPiece piece) => piece switch
    {
        { Call: null } => new ChatDelta(Content: piece.Text),
        { Name: { } name } => new ChatDelta(ToolCalls: [new ChatToolCall(piece.Call, tools!.NewId(), Function, new ChatFunctionCall(name, piece.Text))]),
        _ => new ChatDelta(ToolCalls: [new ChatToolCall(piece.Call, null, null, new ChatFunctionCall(null, piece.Text))]),
    };
}
