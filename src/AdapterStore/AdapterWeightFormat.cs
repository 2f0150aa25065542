namespace AdapterServe.AdapterStore;

#pragma warning disable CA1720 // These are the names of types.
/// <summary>How the factors of low-rank forms are held in memory; other forms keep the file's type.</summary>
public enum AdapterWeightFormat
{
    /// <summary>As the file has them (f16 as f32): exact.</summary>
    File,

    /// <summary>Rounded to bf16.</summary>
    BF16,

    /// <summary>8 bits an element and a scale for each rank.</summary>
    Int8,

    /// <summary>A sign for each element and a magnitude for each rank.</summary>
    OneBit,
}
