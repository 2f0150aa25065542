using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Grpc.Messages;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Rest.Tokenize;
using AdapterServe.AdapterStore.Access;
using Grpc.Core;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.AdapterServer.Grpc.Tokenizer;

/// <summary><c>adapterserve.v1.Tokenizer</c>.</summary>
[Needs(AccessScopes.Infer)]
internal sealed class TokenizerService(ServingModel model) : Wire.Tokenizer.TokenizerBase
{
    public override async Task<Wire.TokenizeResponse> Tokenize(Wire.TokenizeRequest request, ServerCallContext context)
    {
        using var body = MessageJson.Write(request);
        var answer = await TokenizeHandler.TokenizeAsync(model, body.RootElement, context.CancellationToken).ConfigureAwait(false);
        return new Wire.TokenizeResponse { MaxModelLen = answer.MaxModelLen, Tokens = { answer.Tokens }, TokenStrs = { answer.TokenStrs ?? [] } };
    }

    public override async Task<Wire.DetokenizeResponse> Detokenize(Wire.DetokenizeRequest request, ServerCallContext context)
    {
        using var body = MessageJson.Write(request);
        var answer = await TokenizeHandler.DetokenizeAsync(model, body.RootElement, context.CancellationToken).ConfigureAwait(false);
        return new Wire.DetokenizeResponse { Prompt = answer.Prompt };
    }
}
