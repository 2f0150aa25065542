using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using AdapterServe.AdapterServer.Commands;
using AdapterServe.Client.Adapters;
using AdapterServe.Cli.Output;

namespace AdapterServe.Cli.Commands;

/// <summary><c>adapters alias set|rm</c>.</summary>
internal static class AliasCommands
{
    public static Command Build(ServerOptionSet server) => new("alias", "Gives versions names, such as prod.") { Set(server), Remove(server) };

    private static Command Set(ServerOptionSet server)
    {
        var (name, alias) = (AdapterCommands.Name(), Alias());
        var versions = new Argument<string[]>("version") { Description = "A version, or two with weights: 3:90 4:10", Arity = new ArgumentArity(1, 2) };
        var command = new Command("set", "Makes an alias mean a version, or two that share the requests.") { name, alias, versions };
        command.SetAction((parsed, cancellation) => server.CallAsync(parsed, async client =>
        {
            var shares = parsed.GetValue(versions)!.Select(Share).ToList();
            return Print(server, parsed, await client.Adapters.SetAliasAsync(parsed.GetValue(name)!, parsed.GetValue(alias)!, shares, cancellation));
        }));
        return command;
    }

    private static Command Remove(ServerOptionSet server)
    {
        var (name, alias) = (AdapterCommands.Name(), Alias());
        var command = new Command("rm", "Removes an alias; the versions stay.") { name, alias };
        command.SetAction((parsed, cancellation) => server.CallAsync(parsed, async client =>
            Print(server, parsed, await client.Adapters.RemoveAliasAsync(parsed.GetValue(name)!, parsed.GetValue(alias)!, cancellation))));
        return command;
    }

    private static Argument<string> Alias() => new("alias") { Description = "Its name, e.g. prod" };

    private static AliasShare Share(string text)
    {
        // A digest has a colon of its own.
        var colon = text.StartsWith("sha256:", StringComparison.Ordinal) ? text.IndexOf(':', "sha256:".Length) : text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? new AliasShare(text)
            : int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var weight) && weight > 0 ? new AliasShare(text[..colon], weight)
            : throw new CommandException($"'{text}' is no version with a weight; write 3:90.");
    }

    private static int Print(ServerOptionSet server, ParseResult parsed, JsonElement answer)
    {
        if (server.IsJson(parsed))
        {
            Answer.Json(answer);
        }
        else
        {
            Answer.Members(answer);
        }

        return ExitCodes.Ok;
    }
}
