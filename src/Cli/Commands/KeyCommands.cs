using System.CommandLine;
using System.Text.Json;
using AdapterServe.AdapterServer.Commands;
using AdapterServe.Client.Access;
using AdapterServe.Cli.Output;

namespace AdapterServe.Cli.Commands;

/// <summary><c>keys list|create|rotate|revoke</c>: at a server, or with <c>--offline</c> straight in the registry.</summary>
internal sealed class KeyCommands
{
    private static readonly string[] s_columns = ["ID", "TENANT", "NAME", "SCOPES", "EXPIRES", "REVOKED"];
    private readonly Option<bool> _offline = new("--offline") { Description = "In the registry of --data or --registry, without a server: for the first key" };
    private readonly Option<string?> _data = new("--data") { Description = "With --offline: the server's data folder" };
    private readonly Option<string?> _registry = new("--registry") { Description = "With --offline: the server's registry" };
    private readonly Option<string?> _tenant = new("--tenant") { Description = "In whose name; without it your own, offline 'default'" };
    private readonly ServerOptionSet _server;

    private KeyCommands(ServerOptionSet server) => _server = server;

    public static Command Build(ServerOptionSet server)
    {
        var keys = new KeyCommands(server);
        return new Command("keys", "Makes, lists, rotates and revokes API keys.") { keys.List(), keys.Create(), keys.Rotate(), keys.Revoke() };
    }

    private Command List()
    {
        var command = new Command("list", "Lists keys, without what proves them.") { _offline, _data, _registry, _tenant };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(_offline))
            {
                var stored = (await OfflineKeys.ListAsync(Registry(parsed), cancellation)).Where(key => parsed.GetValue(_tenant) is not { } tenant || key.Tenant == tenant).ToList();
                return Print(parsed, [.. stored.Select(key => JsonSerializer.SerializeToElement(key, Answer.Options))]);
            }

            return await _server.CallAsync(parsed, async client => Print(parsed, [.. (await client.Keys.ListAsync(parsed.GetValue(_tenant), cancellation).ToListAsync(cancellation)).Select(key => key.Json)]));
        });
        return command;
    }

    private Command Create()
    {
        var scopes = new Option<string[]>("--scope") { Description = "infer, upload, admin or operator; may stand several times", Required = true, AllowMultipleArgumentsPerToken = true };
        var name = new Option<string?>("--name") { Description = "What it is called" };
        var days = new Option<int?>("--days") { Description = "How long it is good; without it for ever" };
        var command = new Command("create", "Makes a key and prints it: now and never again.") { scopes, name, days, _tenant, _offline, _data, _registry };
        command.SetAction(async (parsed, cancellation) =>
        {
            TimeSpan? lifetime = parsed.GetValue(days) is { } given ? TimeSpan.FromDays(given) : null;
            if (parsed.GetValue(_offline))
            {
                var made = await OfflineKeys.CreateAsync(
                    Registry(parsed), parsed.GetValue(_tenant) ?? "default", parsed.GetValue(name) ?? string.Empty, parsed.GetValue(scopes)!, lifetime, cancellation);
                return PrintSecret(parsed, made.Key!, JsonSerializer.SerializeToElement(made, Answer.Options));
            }

            return await _server.CallAsync(parsed, async client =>
                PrintSecret(parsed, await client.Keys.CreateAsync(parsed.GetValue(scopes)!, parsed.GetValue(_tenant), parsed.GetValue(name), lifetime, cancellation)));
        });
        return command;
    }

    private Command Rotate()
    {
        var id = Id();
        var grace = new Option<int?>("--grace-seconds") { Description = "How long the old secret is good besides" };
        var command = new Command("rotate", "Gives a key a new secret and prints it.") { id, grace };
        command.SetAction((parsed, cancellation) => _server.CallAsync(parsed, async client =>
            PrintSecret(parsed, await client.Keys.RotateAsync(parsed.GetValue(id)!, parsed.GetValue(grace) is { } seconds ? TimeSpan.FromSeconds(seconds) : null, cancellation))));
        return command;
    }

    private Command Revoke()
    {
        var id = Id();
        var command = new Command("revoke", "From now on a key is refused.") { id, _offline, _data, _registry };
        command.SetAction(async (parsed, cancellation) => parsed.GetValue(_offline)
            ? PrintRevoked(parsed, JsonSerializer.SerializeToElement(await OfflineKeys.RevokeAsync(Registry(parsed), parsed.GetValue(id)!, cancellation), Answer.Options))
            : await _server.CallAsync(parsed, async client => PrintRevoked(parsed, (await client.Keys.RevokeAsync(parsed.GetValue(id)!, cancellation)).Json)));
        return command;
    }

    private static Argument<string> Id() => new("id") { Description = "The key's id" };

    private string[] Registry(ParseResult parsed) =>
    [
        .. parsed.GetValue(_data) is { } data ? new[] { "--data", data } : [],
        .. parsed.GetValue(_registry) is { } registry ? new[] { "--registry", registry } : [],
    ];

    private int Print(ParseResult parsed, IReadOnlyList<JsonElement> keys)
    {
        if (_server.IsJson(parsed))
        {
            Answer.Json(keys);
        }
        else
        {
            Answer.Table(s_columns, keys.Select(key => new[] { Text(key, "id"), Text(key, "tenant"), Text(key, "name"), string.Join(' ', key.GetProperty("scopes").EnumerateArray()), Text(key, "expires_at"), Text(key, "revoked_at") }));
        }

        return ExitCodes.Ok;
    }

    private int PrintSecret(ParseResult parsed, KeyDescription key) =>
        PrintSecret(parsed, key.Key ?? throw new InvalidDataException("The server's answer has no key."), key.Json);

    /// <summary>The secret alone on the output stream, so that a script can take it.</summary>
    private int PrintSecret(ParseResult parsed, string secret, JsonElement key)
    {
        if (_server.IsJson(parsed))
        {
            Answer.Json(key);
        }
        else
        {
            Console.Error.WriteLine($"Key {Text(key, "id")} of tenant {Text(key, "tenant")}; it is shown now and never again:");
            Console.WriteLine(secret);
        }

        return ExitCodes.Ok;
    }

    private int PrintRevoked(ParseResult parsed, JsonElement key)
    {
        if (_server.IsJson(parsed))
        {
            Answer.Json(key);
        }
        else
        {
            Console.WriteLine($"{Text(key, "id")} is revoked.");
        }

        return ExitCodes.Ok;
    }

    private static string Text(JsonElement value, string name) => value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString()! : "-";
}
