using System.Collections.Immutable;
using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>Who serves a request.</summary>
/// <param name="Model">As the client wrote it.</param>
/// <param name="Spans">What acts from which prompt token on; the first from the beginning.</param>
/// <param name="Text">That of the adapter that answers, where it answers alone; else the base's.</param>
/// <param name="Facts">What the request is checked against.</param>
internal sealed record RequestTarget(string Model, ImmutableArray<AdapterSpan> Spans, ServingText Text, ModelFacts Facts)
{
    /// <summary>The version that serves the whole request alone; null where the base or several do.</summary>
    public AdapterVersion? Alone => Spans is [{ Mixture.Parts: [var alone] }] ? alone.Version : null;

    /// <summary>
    /// Also what another replica has just stored. Of an alias that means two versions each <c>user</c> gets one; without a user each request.
    /// <b>Errors</b>: as <see cref="RequestedModel.Parse"/> and <see cref="AdapterResolver"/>.
    /// </summary>
    /// <param name="model">What serves.</param>
    /// <param name="fields">The request.</param>
    /// <param name="requestId">See <see cref="Hosting.RequestId"/>.</param>
    /// <param name="cancellationToken">The client went away.</param>
    public static Task<RequestTarget> OfAsync(ServingModel model, JsonFields fields, string? requestId, CancellationToken cancellationToken)
    {
        var key = fields.TryGet("user", out var user) && user.ValueKind == JsonValueKind.String
            ? user.GetString()
            : requestId ?? Guid.NewGuid().ToString();
        return model.LookAsync(() => ReadAsync(model, fields, key, cancellationToken), cancellationToken);
    }

    private static async ValueTask<RequestTarget> ReadAsync(ServingModel model, JsonFields fields, string? key, CancellationToken cancellationToken)
    {
        var requested = RequestedModel.Parse(fields);
        var spans = AdapterResolver.Resolve(model, requested.Name, requested.Adapters, key);
        var text = await model.Texts.OfAsync(spans[^1].Mixture is { Parts: [var alone] } ? alone.Version : null, cancellationToken).ConfigureAwait(false);
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
