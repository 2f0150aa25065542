using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Commands;
using AdapterServe.Cli.Output;

namespace AdapterServe.Cli.Commands;

/// <summary><c>tenants list|show|set|rm</c>: what operators set for tenants.</summary>
internal static class TenantCommands
{
    public static Command Build(ServerOptionSet server) => new("tenants", "Shows and sets tenants' limits, weights and priorities.") { List(server), Show(server), Set(server), Remove(server) };

    private static Command List(ServerOptionSet server)
    {
        var command = new Command("list", "Lists the tenants.");
        command.SetAction((parsed, cancellation) => server.CallAsync(parsed, async client =>
        {
            var tenants = await client.Tenants.ListAsync(cancellation).ToListAsync(cancellation);
            if (server.IsJson(parsed))
            {
                Answer.Json(tenants);
            }
            else
            {
                Answer.Table(["NAME", "WEIGHT", "PRIORITY", "LIMITS"], tenants.Select(tenant => new[] { Text(tenant, "name"), Text(tenant, "weight"), Text(tenant, "priority"), Text(tenant, "effective_limits") }));
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command Show(ServerOptionSet server)
    {
        var name = Name();
        var command = new Command("show", "Shows a tenant's settings and what it uses.") { name };
        command.SetAction((parsed, cancellation) => server.CallAsync(parsed, async client => Print(server, parsed, await client.Tenants.GetAsync(parsed.GetValue(name)!, cancellation))));
        return command;
    }

    private static Command Set(ServerOptionSet server)
    {
        var name = Name();
        var limits = new Option<string[]>("--limit") { Description = "NAME=NUMBER: adapters, bytes, requests_per_minute, tokens_per_minute, concurrent_sequences; may stand several times" };
        var weight = new Option<int?>("--weight") { Description = "Its part of a busy server beside others" };
        var priority = new Option<int?>("--priority") { Description = "Lower numbers go first" };
        var labels = new Option<string[]>("--label") { Description = "NAME=VALUE; may stand several times" };
        var command = new Command("set", "Sets all of a tenant's settings; what is not named gets its default.") { name, limits, weight, priority, labels };
        command.SetAction((parsed, cancellation) => server.CallAsync(parsed, async client =>
        {
            var settings = new JsonObject
            {
                ["limits"] = new JsonObject(Pairs(parsed.GetValue(limits)).Select(pair => KeyValuePair.Create(pair.Name, (JsonNode?)Number(pair.Name, pair.Value)))),
                ["labels"] = new JsonObject(Pairs(parsed.GetValue(labels)).Select(pair => KeyValuePair.Create(pair.Name, (JsonNode?)pair.Value))),
            };
            foreach (var (field, value) in new[] { ("weight", parsed.GetValue(weight)), ("priority", parsed.GetValue(priority)) }.Where(field => field.Item2 is not null))
            {
                settings[field] = value;
            }

            return Print(server, parsed, await client.Tenants.SetAsync(parsed.GetValue(name)!, settings, cancellation));
        }));
        return command;
    }

    private static Command Remove(ServerOptionSet server)
    {
        var name = Name();
        var command = new Command("rm", "Takes back what was set for a tenant.") { name };
        command.SetAction((parsed, cancellation) => server.CallAsync(parsed, async client => Print(server, parsed, await client.Tenants.DeleteAsync(parsed.GetValue(name)!, cancellation))));
        return command;
    }

    private static Argument<string> Name() => new("tenant") { Description = "The tenant" };

    private static IEnumerable<(string Name, string Value)> Pairs(string[]? texts) => (texts ?? []).Select(text => text.Split('=', 2) is [{ Length: > 0 } name, var value]
        ? (name, value)
        : throw new CommandException($"'{text}' is no NAME=VALUE."));

    private static long Number(string name, string value) => long.TryParse(value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new CommandException($"--limit {name} takes a whole number, not '{value}'.");

    private static int Print(ServerOptionSet server, ParseResult parsed, JsonElement tenant)
    {
        if (server.IsJson(parsed))
        {
            Answer.Json(tenant);
        }
        else
        {
            Answer.Members(tenant);
        }

        return ExitCodes.Ok;
    }

    private static string Text(JsonElement value, string name) => value.TryGetProperty(name, out var member) ? member.ToString() : "-";
}
