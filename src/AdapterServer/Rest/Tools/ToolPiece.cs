namespace AdapterServe.AdapterServer.Rest.Tools;

/// <summary>A piece of an answer that may have calls in it.</summary>
/// <param name="Call">The call's number, or null for text beside calls.</param>
/// <param name="Name">With a call's first piece: the function.</param>
/// <param name="Text">Text, or a part of the call's arguments.</param>
internal readonly record struct ToolPiece(int? Call, string? Name, string Text);
