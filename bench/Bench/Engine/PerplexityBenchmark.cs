using System.Globalization;
using System.Text.Json;
using AdapterServe.Engine;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Bench.Engine;

/// <summary>
/// Mean negative log-likelihood of documents (<c>{"documents": [text…], "nll": expected}</c>), each scored alone with its begin token first, which is not scored.
/// </summary>
internal static class PerplexityBenchmark
{
    private static readonly (WeightFormat Weights, WeightFormat Embedding, KvFormat Kv)[] s_ways =
    [
        (WeightFormat.F32, WeightFormat.F32, KvFormat.F32),
        (WeightFormat.F32, WeightFormat.F32, KvFormat.BF16),
        (WeightFormat.F32, WeightFormat.F32, KvFormat.Int8),
        (WeightFormat.Int8, WeightFormat.Int8, KvFormat.F32),
        (WeightFormat.Int4, WeightFormat.F32, KvFormat.F32),
        (WeightFormat.Int4, WeightFormat.Int8, KvFormat.F32),
        (WeightFormat.Int4, WeightFormat.Int8, KvFormat.Int8),
        (WeightFormat.Int4, WeightFormat.Int4, KvFormat.F32),
    ];

    public static int Run(string[] args)
    {
        if (args.Length < 2)
        {
            Console.Error.WriteLine("usage: bench perplexity MODEL DOCUMENTS.json [CACHE]");
            return 2;
        }

        RunAsync(args[0], args[1], args.ElementAtOrDefault(2) ?? "artifacts/bench/models").GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(string folder, string documents, string cache)
    {
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(documents));
        var tokenizer = Tokenizer.Load(folder);
        var texts = json.RootElement.GetProperty("documents").EnumerateArray()
            .Select(text => tokenizer.Encode(text.GetString()!, addSpecialTokens: true)).ToList();
        var expected = json.RootElement.GetProperty("nll").GetDouble();
        Console.WriteLine($"{texts.Sum(text => text.Length - 1)} tokens; the documents' own nll {expected:F6}");
        Console.WriteLine("weights  embedding  kv    nll       perplexity  of the documents' own  mean |change of a log-probability|");
        double[]? reference = null;
        foreach (var (weights, embedding, kv) in s_ways)
        {
            var model = await new ModelImporter().ImportAsync(folder, cache, new ImportOptions { Weights = weights, EmbeddingWeights = embedding,
                KvFormat = kv });
            var scores = await ScoreAsync(model, texts);
            reference ??= scores;
            var nll = -scores.Average();
            var ofExpected = Math.Exp(nll - expected) - 1;
            var change = scores.Zip(reference, (a, b) => Math.Abs(a - b)).Average();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{weights,-7}  {embedding,-9}  {kv,-4}  {nll:F6}  {Math.Exp(nll),10:F6}  {ofExpected,21:+0.000 %;-0.000 %}  {change:F5}"));
        }
    }

    private static async Task<double[]> ScoreAsync(ImportedModel model, List<int[]> texts)
    {
        await using var engine = EngineHost.Start(model, new EngineOptions { PrefixCache = false });
        var scores = new List<double>();
        foreach (var text in texts)
        {
            scores.AddRange(await ScoreAsync(engine, text));
        }

        return [.. scores];
    }

    private static async Task<IEnumerable<double>> ScoreAsync(EngineHost engine, int[] tokens)
    {
        var generation = engine.Client.Submit(new GenerationRequest { Tenant = "bench", PromptTokens = tokens, MaxTokens = 0, PromptLogProbs = 0 });
        while (generation.Finish is null)
        {
            await generation.WaitForMoreAsync(generation.TokenCount);
        }

        return Enumerable.Range(1, tokens.Length - 1).Select(i => (double)generation.PromptLogProbs![i]);
    }
}
