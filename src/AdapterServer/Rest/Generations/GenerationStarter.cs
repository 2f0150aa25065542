using System.Collections.Immutable;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Quotas;
using AdapterServe.AdapterStore.Tenants;
using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Guided;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>Hands a checked request to the engine: takes what it may use of its tenant's limits, pins the adapter, submits one sequence a choice.</summary>
internal static class GenerationStarter
{
    /// <param name="model">What serves.</param>
    /// <param name="target">Who is asked for.</param>
    /// <param name="settings">The request.</param>
    /// <param name="prompts">At least one.</param>
    /// <param name="defaultMaxTokens">Without <c>max_tokens</c>: at most this many, and the rest of the context.</param>
    /// <param name="scorePrompt">Best tokens for each of the prompt, or null.</param>
    /// <param name="cancellationToken">The client went away.</param>
    public static async Task<RunningChoices> StartAsync(
        ServingModel model,
        RequestTarget target,
        GenerationSettings settings,
        ImmutableArray<PreparedPrompt> prompts,
        int defaultMaxTokens,
        int? scorePrompt,
        CancellationToken cancellationToken)
    {
        CheckSequences(model, settings, prompts.Length);
        int[] MaxTokensBehind(int virtualTokens) => [.. prompts.Select(prompt => MaxTokens(model.Facts, settings, prompt, defaultMaxTokens, virtualTokens))];

        // What can't fit with any adapter is refused before one is loaded.
        var most = MaxTokensBehind(virtualTokens: 0);
        target.Require(prompts, model.Facts.VocabularySize);
        var mostTokens = prompts.Sum(prompt => (long)prompt.Ids.Length) + (most.Sum(tokens => (long)tokens) * settings.BestOf);
        var admission = QuotaGate.Admit(model, mostTokens, prompts.Length * settings.BestOf);
        var choices = ImmutableArray.CreateBuilder<RunningChoice>(prompts.Length * settings.BestOf);
        try
        {
            var guide = settings.Guide is { } wanted ? new OutputGuide(model.Texts.Guides.Of(model.Principal.Tenant, wanted), target.Text.ForeignIds) : null;
            using var shared = await SharedAdapters.AcquireAsync(model, target.Spans, cancellationToken).ConfigureAwait(false);
            var maxTokens = MaxTokensBehind(shared.VirtualTokens);
            var tenant = model.Store.Tenants.Of(model.Principal.Tenant).Settings ?? TenantSettings.Default;
            for (var i = 0; i < prompts.Length * settings.BestOf; i++)
            {
                var (prompt, choice) = Math.DivRem(i, settings.BestOf);
                var request = Request(model, tenant, settings, prompts[prompt], maxTokens[prompt], choice, scorePrompt) with { EndIds = target.Text.EndIds, Guide = guide };
                var text = new TextGeneration(model.Engine.Submit(shared.Into(request)), target.Text.Tokens.CreateDecoder(settings.SkipSpecialTokens, settings.ShownIds), settings.Stops);
                choices.Add(new RunningChoice(i, choice == 0, prompts[prompt], text, model.Counters));
            }
        }
        catch (Exception error)
        {
            new RunningChoices(choices.DrainToImmutable(), admission).Dispose();
            // Whose adapter it is and what it is called is not everybody's to know.
            if (error is FusedConflictException fused && !model.Principal.MayRead(fused.Target.Version.Tenant))
            {
                throw new ApiException(409, ErrorCodes.AdapterFused, "An adapter is fused into the base, so only requests for it alone are served.", "model");
            }

            throw;
        }

        return new RunningChoices(choices.DrainToImmutable(), admission);
    }

    private static GenerationRequest Request(ServingModel model, TenantSettings tenant, GenerationSettings settings, PreparedPrompt prompt, int maxTokens, int choice, int? scorePrompt) => new()
    {
        Tenant = model.Principal.Tenant,
        TenantWeight = tenant.Weight / (double)TenantSettings.DefaultWeight,
        TenantPriority = tenant.Priority,
        Priority = settings.Priority,
        PromptTokens = prompt.Ids,
        MaxTokens = maxTokens,
        Sampling = settings.Sampling with { Seed = settings.SeedOf(choice) },
        LogProbs = settings.EngineLogProbs,
        PromptLogProbs = scorePrompt,
    };

    private static void CheckSequences(ServingModel model, GenerationSettings settings, int prompts)
    {
        var most = model.Options.MaxRequestSequences;
        if ((long)prompts * settings.BestOf > most)
        {
            throw ApiException.Invalid("n", $"{prompts} prompts with {settings.BestOf} choices each are more than the {most} sequences that one request may have.");
        }
    }

    private static int MaxTokens(ModelFacts facts, GenerationSettings settings, PreparedPrompt prompt, int defaultMaxTokens, int virtualTokens)
    {
        var room = facts.ContextTokens - prompt.Ids.Length - virtualTokens;
        if (room < (settings.MaxTokens ?? 1))
        {
            var before = virtualTokens == 0 ? string.Empty : $", its adapter {virtualTokens} virtual ones before it";
            var wanted = settings.MaxTokens is { } asked ? $" and {asked} to generate" : string.Empty;
            throw new ApiException(
                400,
                ErrorCodes.ContextLengthExceeded,
                $"The prompt has {prompt.Ids.Length} tokens{before}{wanted}; the model takes {facts.ContextTokens} together.",
                settings.MaxTokens is null ? "prompt" : "max_tokens");
        }

        var maxTokens = settings.MaxTokens ?? Math.Min(defaultMaxTokens, room);
        return settings.Sampling.MinTokens <= maxTokens
            ? maxTokens
            : throw ApiException.Invalid("min_tokens", $"'min_tokens' is {settings.Sampling.MinTokens}, more than the {maxTokens} tokens that may be generated.");
    }
}
