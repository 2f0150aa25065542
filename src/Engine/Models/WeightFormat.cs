namespace AdapterServe.Engine.Models;

#pragma warning disable CA1720 // These are the names of types.
/// <summary>How matrices of the base are held.</summary>
public enum WeightFormat
{
    F32,

    /// <summary>8 bits a weight, a scale for 32 of them.</summary>
    Int8,

    /// <summary>4 bits a weight, a scale for 32 of them.</summary>
    Int4,
}
