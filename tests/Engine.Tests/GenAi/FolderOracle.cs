using AdapterServe.OnnxRuntime.Sessions;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>ONNX Runtime itself on a folder's own graph: the whole prompt in one run, nothing in the cache.</summary>
internal sealed class FolderOracle : IDisposable
{
    private readonly OrtEnvironment _environment = new();
    private readonly OrtSession _session;
    private readonly int _kvHeads;
    private readonly int _headSize;

    public FolderOracle(string folder, int kvHeads, int headSize)
    {
        (_kvHeads, _headSize) = (kvHeads, headSize);
        using var options = new OrtSessionOptions(_environment);
        options.SetIntraOpThreads(1);
        _session = OrtSession.FromFile(_environment, Path.Combine(folder, "model.onnx"), options);
    }

    /// <summary>Logits of every token.</summary>
    public float[][] Logits(int[] ids)
    {
        var inputs = _session.InputNames.Select(name => (name, Value: Input(name, ids))).ToArray();
        using var output = _session.Run(inputs, ["logits"])[0];
        Array.ForEach(inputs, input => input.Value.Dispose());
        return [.. output.AsSpan<float>().ToArray().Chunk((int)output.Shape[^1])];
    }

    public void Dispose()
    {
        _session.Dispose();
        _environment.Dispose();
    }

    private OrtValue Input(string name, int[] ids)
    {
        if (name.StartsWith("past_key_values", StringComparison.Ordinal))
        {
            return OrtValue.Allocate(_environment, [1, _kvHeads, 0, _headSize], ElementType.Float32);
        }

        var value = OrtValue.Allocate(_environment, [1, ids.Length], ElementType.Int64);
        var elements = value.AsSpan<long>();
        for (var i = 0; i < ids.Length; i++)
        {
            elements[i] = name switch { "input_ids" => ids[i], "position_ids" => i, _ => 1 };
        }

        return value;
    }
}
