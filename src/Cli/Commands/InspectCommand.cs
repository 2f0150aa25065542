using System.CommandLine;
using System.Text.Json;
using AdapterServe.Cli.Output;

namespace AdapterServe.Cli.Commands;

/// <summary><c>adapters inspect NAME</c>.</summary>
internal static class InspectCommand
{
    public static Command Build(ServerOptionSet server)
    {
        var name = AdapterCommands.Name("The adapter, also with @version, @alias or @digest");
        var command = new Command("inspect", "Measures what an adapter does to the base, site by site.") { name };
        command.SetAction((parsed, cancellation) => server.CallAsync(parsed, async client =>
        {
            var inspection = await client.Adapters.InspectAsync(parsed.GetValue(name)!, cancellation);
            if (server.IsJson(parsed))
            {
                Answer.Json(inspection);
                return ExitCodes.Ok;
            }

            Answer.Table(["SITE", "FORMS", "BYTES", "FROBENIUS", "OF BASE", "SPECTRAL", "OF BASE"], inspection.GetProperty("sites").EnumerateArray().Select(Row));
            foreach (var warning in inspection.GetProperty("warnings").EnumerateArray())
            {
                Console.WriteLine($"warning: {Answer.Line(warning.GetProperty("message").GetString()!)}");
            }

            if (!inspection.GetProperty("complete").GetBoolean())
            {
                Console.WriteLine("The server has not measured all of it yet; ask again.");
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static string[] Row(JsonElement site)
    {
        var forms = site.GetProperty("forms").EnumerateArray().Select(form => form.GetProperty("rank") is { ValueKind: JsonValueKind.Number } rank ? $"{form.GetProperty("form")}({rank})" : $"{form.GetProperty("form")}");
        string Of(string member) => site.GetProperty("delta") is { ValueKind: JsonValueKind.Object } delta && delta.GetProperty(member) is { ValueKind: JsonValueKind.Number } value ? value.GetRawText() : "-";
        return [site.GetProperty("path").GetString()!, string.Join(' ', forms), site.GetProperty("bytes").GetRawText(), Of("frobenius"), Of("frobenius_ratio"), Of("spectral"), Of("spectral_ratio")];
    }
}
