namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>What a small model is, and how its export is made.</summary>
internal sealed record ExportOptions
{
    public string Type { get; init; } = "llama";

    public int Layers { get; init; } = 2;

    public int Hidden { get; init; } = 32;

    public int FeedForward { get; init; } = 64;

    public int Heads { get; init; } = 4;

    public int KvHeads { get; init; } = 2;

    public int HeadSize { get; init; } = 16;

    public int Vocabulary { get; init; } = 40;

    public int Context { get; init; } = 64;

    /// <summary>One product for queries, keys and values.</summary>
    public bool IsPacked { get; init; } = true;

    /// <summary>For random weights; of given ones those have biases for which one is given.</summary>
    public bool HasBias { get; init; }

    public int[] EndIds { get; init; } = [2, 3];

    public float Epsilon { get; init; } = 1e-5f;

    /// <summary>Multiplies q·k; null: by the head's size.</summary>
    public float? AttentionScale { get; init; }

    /// <summary>Layers with the window and the other rotary tables.</summary>
    public Func<int, bool> IsLocal { get; init; } = layer => layer % 2 == 1;

    public bool HasHeadNorms { get; init; }

    /// <summary>Norms behind attention and feed-forward network too.</summary>
    public bool HasOutputNorms { get; init; }

    public int RotatingDimensions { get; init; } = 16;

    /// <summary>Nodes of their own rotate.</summary>
    public bool HasRotaryNodes { get; init; }

    /// <summary>Another set of rotary tables for the local layers.</summary>
    public bool HasLocalTables { get; init; }

    /// <summary>Other rotary tables beyond this many tokens; 0: none.</summary>
    public int FirstContext { get; init; }

    /// <summary>Every second layer has no positions.</summary>
    public bool SkipsRotation { get; init; }

    /// <summary>Of the local layers.</summary>
    public int Window { get; init; } = -1;

    public float SoftCap { get; init; }

    public float LogitSoftCap { get; init; }

    public float EmbeddingScale { get; init; } = 1;

    public float LogitScale { get; init; } = 1;

    public float ResidualScale { get; init; } = 1;

    /// <summary>Sigmoid (for SiLU), or an operator.</summary>
    public string Activation { get; init; } = "Sigmoid";

    /// <summary>4 or 8 for products over blocks, 0 for f32.</summary>
    public int Bits { get; init; }

    public int BlockSize { get; init; } = 32;

    public int AccuracyLevel { get; init; }

    /// <summary>None, "packed" or "float".</summary>
    public string? ZeroPoints { get; init; }

    public bool HasGroups { get; init; }

    /// <summary>The head's weight serves the embedding.</summary>
    public bool IsTied { get; init; }

    /// <summary>Only the last token reaches the head.</summary>
    public bool IsPruned { get; init; }

    /// <summary>All tensors within model.onnx.</summary>
    public bool IsInline { get; init; }
}
