using System.Collections.Immutable;
using System.Text.Json;
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
    private const string RequestId = "X-Request-Id";

    /// <summary>As <see cref="Of"/>, also for what another replica has just stored. Of an alias that means two versions each <c>user</c> gets one; without a user each request.</summary>
    public static Task<RequestTarget> OfAsync(HttpContext context, ServingModel model, JsonFields fields)
    {
        var key = fields.TryGet("user", out var user) && user.ValueKind == JsonValueKind.String ? user.GetString()
            : context.Request.Headers.TryGetValue(RequestId, out var id) ? id.ToString()
            : Guid.NewGuid().ToString();
        return model.LookAsync(() => Of(model, fields, key), context.RequestAborted);
    }

    /// <summary><b>Errors</b>: as <see cref="RequestedModel.Parse"/> and <see cref="AdapterResolver"/>.</summary>
    public static RequestTarget Of(ServingModel model, JsonFields fields, string? key = null)
    {
        var requested = RequestedModel.Parse(fields);
        var spans = AdapterResolver.Resolve(model, requested.Name, requested.Adapters, key);
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
