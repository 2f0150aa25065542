using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace AdapterServe.AdapterServer.Rest.Tools;

/// <summary>The functions that an answer may call.</summary>
/// <param name="Definitions">As the client sent them, for the chat template.</param>
/// <param name="Functions">The same, read; at least one.</param>
/// <param name="Choice">Whether one must be called. With <see cref="ToolChoice.Named"/> there is one function.</param>
/// <param name="IsParallel">Several calls may come where one must.</param>
internal sealed record ToolRequest(JsonArray Definitions, ImmutableArray<ToolFunction> Functions, ToolChoice Choice, bool IsParallel);
