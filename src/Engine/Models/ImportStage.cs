namespace AdapterServe.Engine.Models;

/// <summary>What an import is busy with.</summary>
public enum ImportStage
{
    /// <summary>Reading the files to identify their content; counted in MiB.</summary>
    Hashing,

    /// <summary>Writing weights in the form in which the engine maps them; counted in tensors.</summary>
    Converting,
}
