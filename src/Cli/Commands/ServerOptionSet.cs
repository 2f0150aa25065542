using System.CommandLine;
using AdapterServe.AdapterServer.Commands;
using AdapterServe.Client;
using AdapterServe.Client.Http;

namespace AdapterServe.Cli.Commands;

/// <summary>The options of every command: which server, with which key, and how answers are printed.</summary>
internal sealed class ServerOptionSet
{
    public const string UrlVariable = "ADAPTERSERVE_URL";
    private const string KeyVariable = "ADAPTERSERVE_API_KEY";
    private const string DefaultUrl = "http://127.0.0.1:8080";

    private readonly Option<string?> _url = new("--url") { Description = $"The server; {UrlVariable} in the environment, else {DefaultUrl}", Recursive = true, HelpName = "URL" };
    private readonly Option<string?> _key = new("--key") { Description = $"The API key; {KeyVariable} in the environment", Recursive = true, HelpName = "KEY" };
    private readonly Option<bool> _json = new("--json") { Description = "One JSON value on the output stream, and nothing else", Recursive = true };

    public void AddTo(RootCommand root)
    {
        root.Options.Add(_url);
        root.Options.Add(_key);
        root.Options.Add(_json);
    }

    public bool IsJson(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Whether a server was named, on the command line or in the environment.</summary>
    public bool NamesServer(ParseResult parsed) => Named(parsed) is not null;

    public string UrlOf(ParseResult parsed) => Named(parsed) ?? DefaultUrl;

    /// <summary>Calls a server. <b>Errors</b>: <see cref="CommandException"/> for an address that is none.</summary>
    public async Task<int> CallAsync(ParseResult parsed, Func<AdapterServeClient, Task<int>> body)
    {
        var text = UrlOf(parsed);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new CommandException($"'{text}' is no address of a server; one begins with http:// or https://.");
        }

        using var http = Transport.Create(url);
        return await body(new AdapterServeClient(http, parsed.GetValue(_key) ?? Variable(KeyVariable)));
    }

    private string? Named(ParseResult parsed) => parsed.GetValue(_url) ?? Variable(UrlVariable);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
