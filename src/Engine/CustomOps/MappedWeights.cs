using System.Collections.Immutable;
using AdapterServe.Engine.Models;
using AdapterServe.Kernels.Memory;
using AdapterServe.OnnxRuntime.Sessions;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// The base model's weights as tensors over the mapped files: pages come from the file as they are needed and can be dropped by the system, nothing is copied here.
/// <b>Effects</b>: must outlive the session that uses them.
/// </summary>
internal sealed unsafe class MappedWeights : IDisposable
{
    private readonly Dictionary<string, MappedFile> _files = new(StringComparer.Ordinal);
    private readonly List<OrtValue> _tensors = [];

    public MappedWeights(OrtEnvironment environment, ImmutableArray<WeightReference> weights, OrtSessionOptions session)
    {
        foreach (var weight in weights)
        {
            if (!_files.TryGetValue(weight.Path, out var file))
            {
                _files.Add(weight.Path, file = MappedFile.Open(weight.Path));
            }

            var tensor = OrtValue.CreateTensor(
                environment.CpuMemory, file.PointerAt(weight.Offset, weight.Bytes), weight.Bytes, weight.Shape.AsSpan(), ElementType.Float32);
            _tensors.Add(tensor);
            session.AddInitializer(weight.Name, tensor);
        }
    }

    public void Dispose()
    {
        _tensors.ForEach(tensor => tensor.Dispose());
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }
    }
}
