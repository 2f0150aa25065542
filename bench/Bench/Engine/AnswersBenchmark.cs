using System.Globalization;
using System.Text.Json;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Bench.Models;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Bench.Engine;

/// <summary>The fraction of greedy answers that stay word for word what f32 weights give when the base is held in 8 or 4 bits, adapter by adapter.</summary>
internal static class AnswersBenchmark
{
    private const string AnswerBegins = "<|assistant|>\n";
    private const int AnswerTokens = 48;

    public static int Run(string[] args)
    {
        if (args.Length == 0)
        {
            Console.Error.WriteLine("usage: bench answers --model DIR --adapters DIR --documents FILE.json [--questions 40] [--cache DIR]");
            return 2;
        }

        RunAsync(new Arguments(args)).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(Arguments arguments)
    {
        var (model, cache) = (arguments.Text("model"), arguments.Text("cache", "artifacts/bench/models"));
        var questions = Questions(model, arguments.Text("documents"), arguments.Integer("questions", 40));
        var options = new EngineBenchmarkOptions { Model = model, Adapters = arguments.Text("adapters"), Cache = cache };
        var answers = new List<SortedDictionary<string, List<string>>>();
        foreach (var format in Enum.GetValues<WeightFormat>())
        {
            await using var engine = await BenchEngine.StartAsync(options with { Weights = format });
            answers.Add(await AnswerAsync(engine, questions));
        }

        Console.WriteLine($"{questions.Count} questions; answers as with f32   int8   int4");
        foreach (var name in answers[0].Keys)
        {
            Print(name, answers.ConvertAll(own => own[name]));
        }

        Print("all", answers.ConvertAll(own => own.Values.SelectMany(list => list).ToList()));
    }

    private static void Print(string name, List<List<string>> answers) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{name,-36}  {Kept(answers[0], answers[1]),6:P1}  {Kept(answers[0], answers[2]),6:P1}"));

    private static double Kept(List<string> reference, List<string> answers) => reference.Zip(answers, (a, b) => a == b ? 1.0 : 0).Average();

    /// <summary>What stands before a document's last answer.</summary>
    private static List<int[]> Questions(string model, string documents, int most)
    {
        var tokenizer = Tokenizer.Load(model);
        using var json = JsonDocument.Parse(File.ReadAllBytes(documents));
        return [.. json.RootElement.GetProperty("documents").EnumerateArray().Select(text => text.GetString()!)
            .Where(text => text.Contains(AnswerBegins, StringComparison.Ordinal))
            .Select(text => text[..(text.LastIndexOf(AnswerBegins, StringComparison.Ordinal) + AnswerBegins.Length)])
            .Distinct(StringComparer.Ordinal).Take(most).Select(text => tokenizer.Encode(text, addSpecialTokens: true))];
    }

    private static async Task<SortedDictionary<string, List<string>>> AnswerAsync(BenchEngine engine, List<int[]> questions)
    {
        var answers = new SortedDictionary<string, List<string>>(StringComparer.Ordinal) { ["(base)"] = await AnswerAsync(engine, questions, null) };
        foreach (var adapter in engine.Adapters)
        {
            answers[adapter.Name] = await AnswerAsync(engine, questions, adapter);
        }

        return answers;
    }

    private static async Task<List<string>> AnswerAsync(BenchEngine engine, List<int[]> questions, AdapterVersion? adapter)
    {
        var generations = new List<Generation>();
        foreach (var question in questions)
        {
            generations.Add(engine.Host.Client.Submit(new GenerationRequest
            {
                Tenant = "bench",
                PromptTokens = question,
                MaxTokens = AnswerTokens,
                Sampling = SamplingParameters.Greedy,
                Adapter = adapter is null ? null : await engine.AcquireAsync(adapter),
            }));
        }

        foreach (var generation in generations)
        {
            while (generation.Finish is null)
            {
                await generation.WaitForMoreAsync(generation.TokenCount);
            }
        }

        return generations.ConvertAll(generation => string.Join(' ', Enumerable.Range(0, generation.TokenCount).Select(generation.TokenAt)));
    }
}
