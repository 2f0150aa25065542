using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.Gguf;

/// <summary>The tensors that a <see cref="GgufLoraReader"/> has chosen from a file.</summary>
internal sealed class GgufTensors(MappedFile mapped, IReadOnlyCollection<(SafetensorsTensor Tensor, TensorPlace Place)> tensors) : MappedTensors(mapped, tensors);
