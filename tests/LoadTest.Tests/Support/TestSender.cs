using AdapterServe.LoadTest.Plans;
using AdapterServe.LoadTest.Sending;

namespace AdapterServe.LoadTest.Tests.Support;

/// <summary>Answers as a test says, without a socket.</summary>
internal sealed class TestSender(Func<PlannedRequest, ITokenSink, CancellationToken, Task<SendOutcome>> answer) : IRequestSender
{
    /// <summary>One token at once for each request.</summary>
    public static TestSender Immediate { get; } = new((_, tokens, _) =>
    {
        tokens.Tokens(1);
        return Task.FromResult(new SendOutcome(200, OutputTokens: 1));
    });

    public Task<SendOutcome> SendAsync(PlannedRequest request, ITokenSink tokens, CancellationToken cancellation) =>
        answer(request, tokens, cancellation);
}
