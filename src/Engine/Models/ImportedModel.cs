using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.OnnxRuntime;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.Models;

/// <summary>
/// A model folder in the form in which the engine runs it: an instrumented graph and the places of its weights. Immutable.
/// The graph's inputs and outputs are those of <see cref="GraphNames"/>.
/// </summary>
public sealed record ImportedModel
{
    /// <summary>Id, fingerprint and sites: what adapters see.</summary>
    public required BaseModel Base { get; init; }

    public required ModelShape Shape { get; init; }

    /// <summary>The model folder as it was given, for the tokenizer and the chat template.</summary>
    public required string Folder { get; init; }

    /// <summary>The ONNX model. Its initializers are external data; <see cref="CreateSession"/> knows where.</summary>
    public required ReadOnlyMemory<byte> GraphBytes { get; init; }

    /// <summary>Where each initializer lies.</summary>
    public required ImmutableArray<WeightReference> Weights { get; init; }

    /// <summary>
    /// <b>Effects</b>: ONNX Runtime maps the weights' files, packs what its kernels want packed and unmaps that again, so that weights are in memory once.
    /// The options need the domain <see cref="GraphNames.OpDomain"/> with our operators.
    /// <b>Errors</b>: <see cref="OnnxRuntimeException"/>, also when a file was cut short after the import.
    /// </summary>
    public OrtSession CreateSession(OrtEnvironment environment, OrtSessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.AddConfigEntry("session.model_external_initializers_file_folder_path", Path.GetPathRoot(Path.GetFullPath(Folder))!);
        return OrtSession.FromMemory(environment, GraphBytes.Span, options);
    }
}
