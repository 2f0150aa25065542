namespace AdapterServe.OnnxRuntime.CustomOps;

/// <summary>Which input's memory output 0 may take. The C API asks for it without saying which op it means, hence a closed set.</summary>
public enum InPlace
{
    Never,
    FirstInput,
    SecondInput,
}
