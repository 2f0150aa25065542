namespace AdapterServe.OnnxRuntime;

/// <summary>The codes of OrtErrorCode in ONNX Runtime's C API. <b>Source</b>: onnxruntime_c_api.h, version 24.</summary>
public enum OnnxRuntimeErrorCode
{
    Ok,
    Fail,
    InvalidArgument,
    NoSuchFile,
    NoModel,
    EngineError,
    RuntimeException,
    InvalidProtobuf,
    ModelLoaded,
    NotImplemented,
    InvalidGraph,
    ExecutionProviderFail,
    ModelLoadCanceled,
    ModelRequiresCompilation,
    NotFound,
}
