using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.Engine.Models.HuggingFace;

/// <summary>A tensor and the file that it lies in.</summary>
internal sealed record CheckpointTensor(SafetensorsFile File, SafetensorsTensor Tensor);
