namespace AdapterServe.AdapterStore.Formats.Safetensors;

/// <summary>Element types of the format, by the names that stand in the file (<c>F8_E4M3</c> is <see cref="F8E4M3"/>).</summary>
public enum SafetensorsType
{
    F64,
    F32,
    F16,
    BF16,
    F8E4M3,
    F8E5M2,
    F8E8M0,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
}
