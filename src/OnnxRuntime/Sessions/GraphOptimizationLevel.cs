namespace AdapterServe.OnnxRuntime.Sessions;

/// <summary>How far ONNX Runtime rewrites a graph at load. <see cref="Layout"/> is the last level before everything.</summary>
public enum GraphOptimizationLevel
{
    None = 0,
    Basic = 1,
    Extended = 2,
    Layout = 3,
    All = 99,
}
