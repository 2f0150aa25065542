using System.Collections.Immutable;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>
/// <c>model</c> and <c>adapters</c> of a request → the adapter versions that serve it, from which token on.
/// <b>Errors</b>: as <see cref="ServingModel.ResolveAdapter"/>, with the field at fault; 400 where both fields name adapters.
/// </summary>
internal static class AdapterResolver
{
    public static ImmutableArray<AdapterSpan> Resolve(ServingModel model, string named, MixtureRequest? request, string? key = null)
    {
        var version = model.ResolveAdapter(named, key);
        if (request is null)
        {
            return [new AdapterSpan(0, version is null ? null : AdapterMixture.Of(version))];
        }

        if (version is not null)
        {
            throw ApiException.Invalid("adapters", $"'model' and 'adapters' both name adapters; with 'adapters', 'model' is the base, {model.Base.Id}.");
        }

        if (request.Block is not null)
        {
            return new BlockResolver((part, path) => Part(model, part, path, key)).Resolve(request);
        }

        var spans = request.Parts.Select((part, index) => (part, index)).GroupBy(entry => entry.part.FromToken).OrderBy(span => span.Key)
            .Select(span => new AdapterSpan(span.Key, Mixture(model, request, [.. span], key))).ToList();
        if (spans[0].FromToken > 0)
        {
            spans.Insert(0, new AdapterSpan(0, null));
        }

        return spans.Count <= EngineClient.MaxLaterAdapters + 1
            ? [.. spans]
            : throw ApiException.Invalid("adapters", $"'adapters' change at {spans.Count - 1} places of the prompt; at most {EngineClient.MaxLaterAdapters} are taken.");
    }

    /// <summary>A mixture for the whole of every request that will use it.</summary>
    public static AdapterMixture Whole(ServingModel model, MixtureRequest request) =>
        request.Block is not null || request.Parts.Any(part => part.FromToken > 0 || part.Name == model.Base.Id)
            ? throw ApiException.Invalid("adapters", "A stored adapter acts on whole prompts: name adapters only, without 'from_token', as a sum or a merge.")
            : Resolve(model, model.Base.Id, request)[0].Mixture!;

    private static AdapterMixture? Mixture(ServingModel model, MixtureRequest request, (MixtureRequestPart Part, int Index)[] parts, string? key)
    {
        if (parts is [{ Part: { Weight: 1, WithAbs: true } alone }] && alone.Name == model.Base.Id)
        {
            return null;
        }

        return new AdapterMixture([.. parts.Select(entry => Part(model, entry.Part, $"adapters[{entry.Index}].name", key))], request.Merge);
    }

    private static MixturePart Part(ServingModel model, MixtureRequestPart part, string path, string? key)
    {
        try
        {
            var version = model.ResolveAdapter(part.Name, key) ?? throw ApiException.Invalid(path, $"'{path}' is the base model, which acts alone: from its 'from_token' on, with weight 1.");
            return new MixturePart(part.Name, version, part.Weight, part.WithAbs);
        }
        catch (ApiException e) when (e.Param == "model")
        {
            throw new ApiException(e.Status, e.Code, e.Message, path);
        }
    }
}
