using AdapterServe.Client;
using AdapterServe.Client.Http;
using AdapterServe.LoadTest.Plans;
using AdapterServe.LoadTest.Prompts;
using AdapterServe.LoadTest.Sending;

namespace AdapterServe.LoadTest.Setup;

/// <summary>Asks a server how many tokens it makes of words, by two requests for one token each.</summary>
internal static class WordCalibration
{
    private const int Few = 8;
    private const int Many = 40;

    /// <summary>The usual rate where the server doesn't count.</summary>
    public static async Task<WordRate> MeasureAsync(AdapterServeClient client, ServerFacts server, CancellationToken cancellation)
    {
        try
        {
            return await CountAsync(client, server, Few, cancellation) is { } few && await CountAsync(client, server, Many, cancellation) is { } many
                ? WordRate.Through((Few, few), (Many, many))
                : WordRate.Usual;
        }
        catch (ApiException e)
        {
            throw new UserErrorException($"The server answers a first request with {e.Status}: {e.Message}", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            throw new UserErrorException($"The server does not answer a first request: {e.Message}", e);
        }
    }

    private static async Task<int?> CountAsync(AdapterServeClient client, ServerFacts server, int words, CancellationToken cancellation)
    {
        int? tokens = null;
        var request = RequestWriter.Write(new PlannedRequest(0, 0, 0, null, words, 1, 1, 0), server with { Words = WordRate.Usual });
        await foreach (var chunk in client.StreamAsync(request, cancellation))
        {
            tokens = chunk.Usage?.PromptTokens ?? tokens;
        }

        return tokens;
    }
}
