namespace AdapterServe.Engine.Models;

/// <summary>How keys and values are held.</summary>
public enum KvFormat
{
    F32,

    /// <summary>Rounded to nearest even as they are written.</summary>
    BF16,
}
