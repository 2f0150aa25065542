using System.Collections.Immutable;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>Who serves a request.</summary>
/// <param name="Model">As the client wrote it.</param>
/// <param name="Spans">What acts from which prompt token on; the first from the beginning.</param>
/// <param name="Text">That of the adapter that answers, where it answers alone; else the base's.</param>
/// <param name="Facts">What the request is checked against.</param>
internal sealed record RequestTarget(string Model, ImmutableArray<AdapterSpan> Spans, ServingText Text, ModelFacts Facts)
{
    /// <summary>As <see cref="Of"/>, also for what another replica has just stored.</summary>
    public static Task<RequestTarget> OfAsync(ServingModel model, JsonFields fields, CancellationToken cancellationToken) =>
        model.LookAsync(() => Of(model, fields), cancellationToken);

    /// <summary><b>Errors</b>: as <see cref="RequestedModel.Parse"/> and <see cref="AdapterResolver"/>.</summary>
    public static RequestTarget Of(ServingModel model, JsonFields fields)
    {
        var requested = RequestedModel.Parse(fields);
        var spans = AdapterResolver.Resolve(model, requested.Name, requested.Adapters);
        var text = model.Texts.Of(spans[^1].Mixture is { Parts: [var alone] } ? alone.Version : null);
        return new RequestTarget(requested.Name, spans, text, text.Facts with { PromptVocabularySize = model.Texts.Base.Facts.VocabularySize + spans.Max(span => span.AddedTokens) });
    }

    /// <summary><b>Errors</b>: 400 where a span begins behind a prompt's end, or a prompt has a token where no adapter knows it.</summary>
    public void Require(IReadOnlyCollection<PreparedPrompt> prompts, int baseVocabulary)
    {
        var shortest = prompts.Min(prompt => prompt.Ids.Length);
        if (Spans[^1].FromToken >= shortest)
        {
            throw ApiException.Invalid("adapters", $"An adapter acts from token {Spans[^1].FromToken} on, and a prompt has {shortest} tokens; such places lie within every prompt.");
        }

        foreach (var prompt in prompts)
        {
            for (var i = 0; i < Spans.Length; i++)
            {
                Require(prompt.Ids.AsSpan(Spans[i].FromToken..(i + 1 < Spans.Length ? Spans[i + 1].FromToken : prompt.Ids.Length)), baseVocabulary + Spans[i].AddedTokens);
            }
        }
    }

    private static void Require(ReadOnlySpan<int> ids, int vocabulary)
    {
        foreach (var id in ids)
        {
            if (id >= vocabulary)
            {
                throw ApiException.Invalid("prompt", $"The prompt has the token {id} where nothing acts that knows it: the vocabulary has {vocabulary} there.");
            }
        }
    }
}
