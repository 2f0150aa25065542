using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.Engine.Guided;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>
/// Automata of what answers shall look like, over the base's tokens; those used last are kept, each tenant's for itself, so that nobody learns from timings what others ask for.
/// <b>Effects</b>: thread safe. <b>Errors</b>: <see cref="ApiException"/> 400 <c>unsupported_structure</c> with the reason.
/// </summary>
internal sealed class ServingGuides(Tokenizer tokenizer)
{
    private const long KeptBytes = 512L << 20;
    private readonly Lazy<GuideVocabulary> _vocabulary = new(() => GuideVocabulary.Of(tokenizer));
    private readonly RecentlyUsed<GuideAutomaton> _kept = new(KeptBytes, automaton => automaton.Weight);

    public GuideAutomaton Of(string tenant, GuideRequest request)
    {
        try
        {
            return _kept.Get($"{tenant}\n{request.Kind}\n{request.Text}", () => GuideCompiler.Compile(request.Kind, request.Text, _vocabulary.Value));
        }
        catch (GuideException e)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, ErrorCodes.UnsupportedStructure, e.Message, request.Param);
        }
    }
}
