namespace AdapterServe.Engine.Models.Decoders;

/// <summary>Rows of a fused linear's output that stand for a linear of their own.</summary>
/// <param name="Path">The module path under which other checkpoints of the model have it, or null where none does.</param>
/// <param name="Out">Rows.</param>
internal sealed record LinearPart(string? Path, int Out);
