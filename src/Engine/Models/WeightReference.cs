using System.Collections.Immutable;

namespace AdapterServe.Engine.Models;

/// <summary>
/// Where an initializer of the graph lies.
/// <b>Layout</b>: f32, little-endian, row-major, at a multiple of 4 bytes.
/// </summary>
/// <param name="Name">The initializer's name in the graph.</param>
/// <param name="Path">The file that holds it.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Bytes">Size in bytes.</param>
/// <param name="Shape">Sizes, outermost first.</param>
public sealed record WeightReference(string Name, string Path, long Offset, long Bytes, ImmutableArray<long> Shape);
