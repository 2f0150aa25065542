using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models;

namespace AdapterServe.Bench.Engine;

/// <summary>
/// What no engine can exceed on this machine: a step reads all weights, its adapters and the keys and values once, and multiplies each row with all of them,
/// memory and arithmetic wholly overlapped, nothing else done; all prompts are one step. Adapters multiply in f32, with two bytes an element.
/// </summary>
internal sealed class EngineLimit(MachineLimits machine, ImportedModel model, EngineBenchmarkOptions options)
{
    private readonly double _weightBytes = ReadBytes(model);
    private readonly double _products = model.Base.Sites
        .Where(site => site.Kind is SiteKind.Linear or SiteKind.Head && site.Whole is null).Sum(site => (double)site.InFeatures * site.OutFeatures);

    /// <param name="clients">As many sequences.</param>
    /// <param name="adapters">What each of them has.</param>
    /// <returns>Tokens a second from the first request to the last answer, and once every sequence has its first token.</returns>
    public (double Whole, double Decode) Rates(int clients, IReadOnlyList<AdapterVersion?> adapters)
    {
        double prompts = StepSeconds(clients * options.PromptTokens, options.PromptTokens, clients, adapters), decode = 0;
        for (var token = 1; token < options.NewTokens; token++)
        {
            decode += StepSeconds(clients, options.PromptTokens + token, clients, adapters);
        }

        return (clients * options.NewTokens / (prompts + decode), clients * (options.NewTokens - 1) / decode);
    }

    /// <summary>All weights but an embedding that is no head, of which a step reads a few rows.</summary>
    private static double ReadBytes(ImportedModel model)
    {
        var all = model.Weights.Sum(weight => (double)weight.Bytes);
        return BytesAt(model, SiteKind.Head) > 0 ? all - BytesAt(model, SiteKind.Embedding) : all;
    }

    private static double BytesAt(ImportedModel model, SiteKind kind)
    {
        var path = model.Base.Sites.Single(site => site.Kind == kind).Path + ".";
        return model.Weights.Where(weight => weight.Name.StartsWith(path, StringComparison.Ordinal)).Sum(weight => (double)weight.Bytes);
    }

    private double StepSeconds(int rows, int context, int clients, IReadOnlyList<AdapterVersion?> adapters)
    {
        var shape = model.Shape;
        var distinct = adapters.OfType<AdapterVersion>().Distinct().Sum(adapter => (double)adapter.WeightBytes);
        var own = adapters.OfType<AdapterVersion>().Sum(adapter => adapter.WeightBytes / 2.0) / clients;
        var bytes = _weightBytes + distinct + ((double)clients * context * shape.KvBytesPerToken);
        var attention = 2.0 * shape.Layers * shape.Heads * shape.HeadSize * context;
        var arithmetic = (rows * _products / machine.BaseProducts(options.Weights)) + (rows * (own + attention) / machine.FloatProducts);
        return Math.Max(bytes / machine.BytesPerSecond, arithmetic);
    }
}
