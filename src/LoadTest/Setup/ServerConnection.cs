using System.Net;
using System.Text.Json;
using AdapterServe.Client;
using AdapterServe.Client.Completions;
using AdapterServe.Client.Grpc;
using AdapterServe.Client.Http;
using AdapterServe.Client.Models;
using AdapterServe.LoadTest.Sending;

namespace AdapterServe.LoadTest.Setup;

/// <summary>A server that has answered. <b>Effects</b>: holds the connections of all tenants.</summary>
internal sealed class ServerConnection : IDisposable
{
    private readonly HttpClient _http;
    private readonly LoadArguments _arguments;
    private readonly bool _isGrpc;

    public ServerConnection(LoadArguments arguments)
    {
        _arguments = arguments;
        _isGrpc = arguments.Protocol switch
        {
            "rest" => false,
            "grpc" => true,
            _ => throw new UserErrorException($"--protocol is rest or grpc, not '{arguments.Protocol}'."),
        };
        var version = arguments.Http switch
        {
            // The port of gRPC answers REST too, over the same connections.
            "1.1" or "2" when _isGrpc => HttpVersion.Version20,
            "1.1" => HttpVersion.Version11,
            "2" => HttpVersion.Version20,
            _ => throw new UserErrorException($"--http is 1.1 or 2, not '{arguments.Http}'."),
        };
        _http = Transport.Create(arguments.Url, new TransportOptions { Version = version });
    }

    public AdapterServeClient ClientOf(string? key) => new(_http, key ?? _arguments.ApiKey);

    /// <summary>What sends a tenant's requests.</summary>
    public ICompletionClient CompletionsOf(string? key) => _isGrpc ? new GrpcCompletionClient(_http, key ?? _arguments.ApiKey) : ClientOf(key);

    /// <summary>What the server lists for a tenant. <b>Errors</b>: <see cref="UserErrorException"/> where it can't be asked.</summary>
    public async Task<IReadOnlyList<ModelDescription>> ListAsync(AdapterServeClient client, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_arguments.Timeout);
        try
        {
            return await client.ListModelsAsync(limit.Token);
        }
        catch (ApiException e) when (e.Status == (int)HttpStatusCode.NotFound && _arguments.Model is not null)
        {
            // A server that serves one model need not list it.
            return [];
        }
        catch (ApiException e)
        {
            throw new UserErrorException($"{_arguments.Url} answers {e.Status} when it is asked for its models: {e.Message}", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            throw new UserErrorException($"The server at {_arguments.Url} can't be asked for its models: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new UserErrorException(
                $"The server at {_arguments.Url} did not list its models within {_arguments.Timeout.TotalSeconds:0.###} s.", e);
        }
    }

    /// <summary>
    /// A tenant's adapters. <b>Semantics</b>: the models that are not the base; llama.cpp's are the numbers that <c>/lora-adapters</c> lists.
    /// </summary>
    public async Task<IReadOnlyList<string>> AdaptersAsync(AdapterServeClient client, ServerKind kind, string model, CancellationToken cancellation)
    {
        if (kind != ServerKind.LlamaCpp)
        {
            var listed = await ListAsync(client, cancellation);
            return [.. listed.Where(one => one.Id != model && (kind == ServerKind.OpenAi || one.Parent is not null)).Select(one => one.Id)];
        }

        try
        {
            using var json = await client.GetJsonAsync("lora-adapters", cancellation);
            return [.. json.RootElement.EnumerateArray()
                .Select(adapter => adapter.GetProperty("id").GetInt32().ToString(System.Globalization.CultureInfo.InvariantCulture))];
        }
        catch (Exception e) when (e is ApiException or InvalidOperationException or KeyNotFoundException or FormatException or JsonException)
        {
            throw new UserErrorException(
                "The server does not list its adapters at /lora-adapters; start llama-server with --lora for each of them.", e);
        }
    }

    public void Dispose() => _http.Dispose();
}
