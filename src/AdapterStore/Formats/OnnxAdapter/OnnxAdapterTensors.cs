using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.OnnxAdapter;

/// <summary>The tensors that a <see cref="OnnxAdapterReader"/> has chosen from a file.</summary>
internal sealed class OnnxAdapterTensors(
    MappedFile mapped, IReadOnlyCollection<(SafetensorsTensor Tensor, TensorPlace Place)> tensors) : MappedTensors(mapped, tensors);
