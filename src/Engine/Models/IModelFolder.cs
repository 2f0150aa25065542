using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Engine.Models.Weights;

namespace AdapterServe.Engine.Models;

/// <summary>
/// A model folder of some format, opened and checked. <see cref="ModelImporter"/> digests its files, keeps what has to be written, and puts the parts together.
/// <b>Effects</b>: the files stay open until it is disposed of. <b>Errors</b>: <see cref="ModelImportException"/> when it is opened.
/// </summary>
internal interface IModelFolder : IDisposable
{
    /// <summary>Full paths of the files that the import depends on, in a fixed order.</summary>
    IEnumerable<string> Files { get; }

    /// <summary>What else the written weights depend on, e.g. <c>int4</c>; part of the import's digest.</summary>
    string Variant { get; }

    ModelShape Shape { get; }

    /// <summary>Every initializer of the graph.</summary>
    IEnumerable<PlannedWeight> Weights { get; }

    /// <summary>What adapters see of the model.</summary>
    BaseModel Describe(string id, string fingerprint, ImmutableArray<WeightReference> weights);

    /// <summary>The instrumented graph, see <see cref="Graph.GraphNames"/>.</summary>
    ModelProto BuildGraph(ImmutableArray<WeightReference> weights);
}
