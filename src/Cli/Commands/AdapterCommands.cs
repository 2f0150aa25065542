using System.CommandLine;
using AdapterServe.AdapterServer.Commands;
using AdapterServe.Client.Adapters;
using AdapterServe.Cli.Output;

namespace AdapterServe.Cli.Commands;

/// <summary><c>adapters …</c>: what a server has.</summary>
internal static class AdapterCommands
{
    public static Command Build(ServerOptionSet server) => new("adapters", "Uploads, lists, names and removes adapters.")
    {
        List(server), Show(server), PushCommand.Build(server), Remove(server), Restore(server), AliasCommands.Build(server), InspectCommand.Build(server),
    };

    public static Argument<string> Name(string description = "The adapter") => new("name") { Description = description };

    private static Command List(ServerOptionSet server)
    {
        var prefix = new Option<string?>("--prefix") { Description = "Those whose names begin so" };
        var kind = new Option<string?>("--kind") { Description = "Those of a kind, e.g. lora" };
        var state = new Option<string?>("--state") { Description = "ready, quarantined, fused, or deleted for those that can be restored" };
        var space = new Option<string?>("--namespace") { Description = "shared, or a tenant's" };
        var label = new Option<string[]>("--label") { Description = "NAME or NAME=VALUE; may stand several times" };
        var command = new Command("list", "Lists adapters.") { prefix, kind, state, space, label };
        command.SetAction((parsed, cancellation) => server.CallAsync(parsed, async client =>
        {
            var query = new AdapterQuery
            {
                Prefix = parsed.GetValue(prefix), Kind = parsed.GetValue(kind), State = parsed.GetValue(state), Namespace = parsed.GetValue(space), Labels = parsed.GetValue(label) ?? [],
            };
            var found = await client.Adapters.ListAsync(query, cancellation).ToListAsync(cancellation);
            if (server.IsJson(parsed))
            {
                Answer.Json(found.Select(adapter => adapter.Json));
            }
            else
            {
                Answer.Table(
                    ["NAME", "VERSION", "KIND", "STATE", "KIB", "ALIASES", "DIGEST"],
                    found.Select(adapter => new[] { adapter.Name, $"{adapter.Version}", adapter.Kind, adapter.State, $"{(adapter.Bytes + 1023) / 1024}", string.Join(' ', adapter.Aliases), adapter.Digest }));
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command Show(ServerOptionSet server)
    {
        var name = Name("The adapter, or name@version");
        var command = new Command("show", "Shows all that the server knows of an adapter.") { name };
        command.SetAction((parsed, cancellation) => server.CallAsync(parsed, async client =>
        {
            var (adapter, version) = Split(parsed.GetValue(name)!);
            var found = version is null ? await client.Adapters.GetAsync(adapter, cancellation) : await client.Adapters.GetVersionAsync(adapter, version, cancellation);
            return Print(server, parsed, found);
        }));
        return command;
    }

    private static Command Remove(ServerOptionSet server)
    {
        var name = Name("The adapter, or name@version for one version");
        var ifMatch = new Option<string?>("--if-match") { Description = "Only while this digest, or revision as r7, is current" };
        var command = new Command("rm", "Removes an adapter or one of its versions; 'restore' brings it back for a while.") { name, ifMatch };
        command.SetAction((parsed, cancellation) => server.CallAsync(parsed, async client =>
        {
            var (adapter, version) = Split(parsed.GetValue(name)!);
            var answer = await client.Adapters.DeleteAsync(adapter, version, parsed.GetValue(ifMatch), cancellation);
            if (server.IsJson(parsed))
            {
                Answer.Json(answer);
            }
            else
            {
                Console.WriteLine($"{parsed.GetValue(name)} is removed.");
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command Restore(ServerOptionSet server)
    {
        var name = Name("The adapter, or name@version for one version");
        var command = new Command("restore", "Brings back what was removed.") { name };
        command.SetAction((parsed, cancellation) => server.CallAsync(parsed, async client =>
            Print(server, parsed, await client.Adapters.RestoreAsync(parsed.GetValue(name)!, cancellation))));
        return command;
    }

    public static int Print(ServerOptionSet server, ParseResult parsed, AdapterDescription adapter)
    {
        if (server.IsJson(parsed))
        {
            Answer.Json(adapter.Json);
        }
        else
        {
            Answer.Members(adapter.Json);
        }

        return ExitCodes.Ok;
    }

    public static (string Name, string? Version) Split(string reference)
    {
        var at = reference.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? (reference, null)
            : at > 0 && at < reference.Length - 1 ? (reference[..at], reference[(at + 1)..])
            : throw new CommandException($"'{reference}' is no adapter; write name or name@version.");
    }
}
