using System.Net.Sockets;
using AdapterServe.Client.Completions;
using AdapterServe.Client.Http;
using AdapterServe.Client.Sse;
using AdapterServe.LoadTest.Plans;

namespace AdapterServe.LoadTest.Sending;

/// <summary>Streams over whichever protocol its clients speak.</summary>
/// <param name="clients">One for each tenant of the plan.</param>
/// <param name="server">How requests are written.</param>
/// <param name="timeout">Of one request.</param>
internal sealed class CompletionSender(IReadOnlyList<ICompletionClient> clients, ServerFacts server, TimeSpan timeout) : IRequestSender
{
    private const int AnsweredInFull = 200;

    public async Task<SendOutcome> SendAsync(PlannedRequest request, ITokenSink tokens, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        try
        {
            return await StreamAsync(request, tokens, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return SendOutcome.Failed(0, "timeout", $"The answer was not complete after {timeout.TotalSeconds:0.###} s.");
        }
        catch (Exception e) when (Explain(e) is not null)
        {
            return Explain(e)!;
        }
    }

    private async Task<SendOutcome> StreamAsync(PlannedRequest request, ITokenSink tokens, CancellationToken cancellation)
    {
        var (counted, outcome) = (0, new SendOutcome(AnsweredInFull));
        await foreach (var chunk in clients[request.Tenant].StreamAsync(RequestWriter.Write(request, server), cancellation))
        {
            if (chunk.Tokens > 0)
            {
                counted += chunk.Tokens;
                tokens.Tokens(chunk.Tokens);
            }

            if (chunk.Usage is { } usage)
            {
                outcome = outcome with { PromptTokens = usage.PromptTokens, OutputTokens = usage.CompletionTokens };
            }
        }

        return outcome.OutputTokens is null ? outcome with { OutputTokens = counted } : outcome;
    }

    private static SendOutcome? Explain(Exception exception) => exception switch
    {
        ApiException e => SendOutcome.Failed(e.Status, e.Code ?? "error", e.Message),
        HttpRequestException { InnerException: SocketException e } => SendOutcome.Failed(0, "connection_failed", e.Message),
        HttpRequestException e => SendOutcome.Failed((int?)e.StatusCode ?? 0, "http_error", e.Message),
        SseFormatException e => SendOutcome.Failed(AnsweredInFull, "malformed_stream", e.Message),
        InvalidDataException e => SendOutcome.Failed(AnsweredInFull, "malformed_answer", e.Message),
        IOException e => SendOutcome.Failed(0, "connection_lost", e.Message),
        _ => null,
    };
}
