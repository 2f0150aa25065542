using AdapterServe.LoadTest.Plans;

namespace AdapterServe.LoadTest.Sending;

/// <summary>
/// Sends planned requests over one protocol. <b>Effects</b>: thread-safe; the task ends when the answer is complete or has failed.
/// <b>Errors</b>: none but <see cref="OperationCanceledException"/> of the token; what goes wrong is the outcome.
/// </summary>
internal interface IRequestSender
{
    Task<SendOutcome> SendAsync(PlannedRequest request, ITokenSink tokens, CancellationToken cancellation);
}
