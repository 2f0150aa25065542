using System.Globalization;
using System.Text.Json;
using AdapterServe.Engine;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Bench.Engine;

/// <summary>Mean negative log-likelihood of documents (<c>{"documents": [text…], "nll": expected}</c>), each scored alone with its begin token first, which is not scored.</summary>
internal static class PerplexityBenchmark
{
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
        var expected = json.RootElement.GetProperty("nll").GetDouble();
        var model = await new ModelImporter().ImportAsync(folder, cache);
        await using var engine = EngineHost.Start(model, new EngineOptions { PrefixCache = false });
        var tokenizer = Tokenizer.Load(folder);
        var scores = new List<(double Sum, int Tokens)>();
        foreach (var text in json.RootElement.GetProperty("documents").EnumerateArray())
        {
            scores.Add(await ScoreAsync(engine, tokenizer.Encode(text.GetString()!, addSpecialTokens: true)));
        }

        var nll = scores.Sum(score => score.Sum) / scores.Sum(score => score.Tokens);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{scores.Sum(score => score.Tokens)} tokens, nll {nll:F6}, perplexity {Math.Exp(nll):F6}, of the documents' own {Math.Exp(nll - expected) - 1:+0.000 %;-0.000 %}"));
    }

    private static async Task<(double Sum, int Tokens)> ScoreAsync(EngineHost engine, int[] tokens)
    {
        var generation = engine.Client.Submit(new GenerationRequest { Tenant = "bench", PromptTokens = tokens, MaxTokens = 0, PromptLogProbs = 0 });
        while (generation.Finish is null)
        {
            await generation.WaitForMoreAsync(generation.TokenCount);
        }

        return (-Enumerable.Range(1, tokens.Length - 1).Sum(i => (double)generation.PromptLogProbs![i]), tokens.Length - 1);
    }
}
