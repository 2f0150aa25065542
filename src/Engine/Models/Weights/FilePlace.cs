namespace AdapterServe.Engine.Models.Weights;

/// <summary>The first byte of something in a file, <paramref name="Path"/> being full.</summary>
internal sealed record FilePlace(string Path, long Offset);
