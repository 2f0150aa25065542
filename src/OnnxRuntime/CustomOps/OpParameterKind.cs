namespace AdapterServe.OnnxRuntime.CustomOps;

/// <summary>Numbered as OrtCustomOpInputOutputCharacteristic in the C API. <see cref="Variadic"/> stands for one or more and must come last.</summary>
public enum OpParameterKind
{
    Required,
    Optional,
    Variadic,
}
