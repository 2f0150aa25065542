using AdapterServe.Kernels.Cpu;

namespace AdapterServe.Engine.Models;

/// <summary>What an import is to make of a model folder.</summary>
public sealed record ImportOptions
{
    /// <summary>The name under which the base is served; null: the folder's name.</summary>
    public string? Id { get; init; }

    /// <summary>How keys and values are held.</summary>
    public KvType KvType { get; init; }
}
