using AdapterServe.Engine.CustomOps;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Sessions;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Tests.Models;

/// <summary>Runs an imported model with operators that are right by inspection. Each sequence owns its blocks, taken from the end of the pool to the front.</summary>
internal sealed unsafe class ReferenceRunner : IDisposable
{
    private const int BlockSize = 8;
    private readonly OrtEnvironment _environment = new();
    private readonly CustomOpDomain _domain;
    private readonly Workspace _workspace = new();
    private readonly OrtSessionOptions _options;
    private readonly OrtSession _session;
    private readonly List<(string Name, OrtValue Value)> _caches = [];
    private readonly List<List<int>> _blocks = [];
    private readonly List<int> _lengths = [];
    private readonly int _vocabulary;
    private int _freeBlocks;

    public ReferenceRunner(ImportedModel model, int blocks)
    {
        _domain = new CustomOpDomain(_environment, GraphNames.OpDomain);
        _domain.Add(CopyInput.Linear(InputsInPlace));
        _domain.Add(CopyInput.Attention(InputsInPlace));
        _domain.Add(CopySite.Linear(SeenSites));
        _domain.Add(CopySite.Embedding(SeenSites));
        _domain.Add(CopySite.Sublayer(SeenSites));
        _domain.Add(new ScalarPagedAttention { OutputShapeInput = 0 });
        _domain.Add(new BlockQuantizedProductOp(_workspace, new OrtParallel(1)));
        _options = new OrtSessionOptions(_environment);
        _options.SetIntraOpThreads(1);
        _options.AddCustomOps(_domain);
        _session = model.CreateSession(_environment, _options);
        _vocabulary = model.Shape.VocabularySize;
        _freeBlocks = blocks;
        for (var layer = 0; layer < model.Shape.Layers; layer++)
        {
            foreach (var name in (string[])[GraphNames.KeyCache(layer), GraphNames.ValueCache(layer)])
            {
                var cache = OrtValue.Allocate(_environment, [blocks, BlockSize, model.Shape.KvHeads, model.Shape.HeadSize], ElementType.Float32);
                cache.AsSpan<float>().Fill(float.NaN);
                _caches.Add((name, cache));
            }
        }
    }

    /// <summary>For each site that ran: its rows attribute and the elements of the last output.</summary>
    public Dictionary<int, (int Rows, long Elements)> SeenSites { get; } = [];

    /// <summary>For each site with an op before it that ran: whether it took the input's own memory.</summary>
    public Dictionary<int, bool> InputsInPlace { get; } = [];

    /// <summary>Adds tokens to each sequence and returns the logits of the named rows of the flattened batch.</summary>
    public float[][] Step(IReadOnlyList<int[]> tokens, ReadOnlySpan<long> logitsRows)
    {
        var past = new int[tokens.Count];
        var cumulative = new int[tokens.Count + 1];
        for (var i = 0; i < tokens.Count; i++)
        {
            if (i == _lengths.Count)
            {
                _lengths.Add(0);
                _blocks.Add([]);
            }

            past[i] = _lengths[i];
            _lengths[i] += tokens[i].Length;
            cumulative[i + 1] = cumulative[i] + tokens[i].Length;
            while (_blocks[i].Count * BlockSize < _lengths[i])
            {
                _blocks[i].Add(--_freeBlocks);
            }
        }

        var width = _blocks.Max(blocks => blocks.Count);
        var table = _blocks.SelectMany(blocks => blocks.Concat(Enumerable.Repeat(-1, width - blocks.Count))).ToArray();
        var ids = tokens.SelectMany(row => row).Select(id => (long)id).ToArray();
        (string Name, OrtValue Value)[] inputs =
        [
            (GraphNames.InputIds, Tensor(ids, ElementType.Int64, ids.Length)),
            (GraphNames.BlockTable, Tensor(table, ElementType.Int32, tokens.Count, width)),
            (GraphNames.CumulativeSequenceLengths, Tensor(cumulative, ElementType.Int32, cumulative.Length)),
            (GraphNames.PastSequenceLengths, Tensor(past, ElementType.Int32, past.Length)),
            (GraphNames.LogitsRows, Tensor(logitsRows.ToArray(), ElementType.Int64, logitsRows.Length)),
        ];
        var outputs = _session.Run([.. inputs, .. _caches], [GraphNames.Logits]);
        Array.ForEach(inputs, input => input.Value.Dispose());
        using var logits = outputs[0];
        return logits.AsSpan<float>().ToArray().Chunk(_vocabulary).ToArray();
    }

    public static double[] LogProbabilities(float[] logits)
    {
        var highest = (double)logits.Max();
        var total = Math.Log(logits.Sum(logit => Math.Exp(logit - highest)));
        return Array.ConvertAll(logits, logit => logit - highest - total);
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
        _domain.Dispose();
        _workspace.Dispose();
        _caches.ForEach(cache => cache.Value.Dispose());
        _environment.Dispose();
    }

    private OrtValue Tensor<T>(T[] values, ElementType type, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        var tensor = OrtValue.Allocate(_environment, shape, type);
        values.CopyTo(tensor.AsSpan<T>());
        return tensor;
    }
}
