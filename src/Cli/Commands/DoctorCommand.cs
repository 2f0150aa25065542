using System.CommandLine;
using AdapterServe.AdapterServer.Commands;
using AdapterServe.Client.Http;
using AdapterServe.Cli.Output;
using Spectre.Console;

namespace AdapterServe.Cli.Commands;

/// <summary><c>doctor</c>: the machine, and with <c>--url</c> a server that runs.</summary>
internal static class DoctorCommand
{
    private static readonly string[] s_forwarded = ["--model", "--data", "--registry", "--bind", "--port", "--grpc-port", "--threads", "--weights", "--kv-cache-mb", "--adapter-cache-mb", "--tls-certificate", "--tls-key"];

    public static Command Build(ServerOptionSet server)
    {
        var command = new Command("doctor", "Looks whether a server with these options will start and serve well here, and says what to do; 1 when something is wrong.");
        var forwarded = s_forwarded.Select(name => new Option<string?>(name) { Description = "As the server's" }).ToArray();
        foreach (var option in forwarded)
        {
            command.Options.Add(option);
        }

        command.SetAction(async (parsed, cancellation) =>
        {
            string[] arguments = [.. forwarded.Where(option => parsed.GetValue(option) is not null).SelectMany(option => new[] { option.Name, parsed.GetValue(option)! })];
            List<Finding> findings = [.. await MachineDoctor.RunAsync(arguments, cancellation)];
            if (server.NamesServer(parsed))
            {
                findings.Add(await ServerAsync(server, parsed, cancellation));
            }

            if (server.IsJson(parsed))
            {
                Answer.Json(findings);
            }
            else
            {
                findings.ForEach(Print);
            }

            return findings.Any(finding => finding.Level == FindingLevel.Failure) ? ExitCodes.Failed : ExitCodes.Ok;
        });
        return command;
    }

    private static async Task<Finding> ServerAsync(ServerOptionSet server, ParseResult parsed, CancellationToken cancellation)
    {
        const string Check = "server";
        var url = server.UrlOf(parsed);
        Finding? found = null;
        try
        {
            await server.CallAsync(parsed, async client =>
            {
                found = await client.IsReadyAsync(cancellation)
                    ? new Finding(Check, FindingLevel.Ok, $"{url} is ready and lists {(await client.ListModelsAsync(cancellation)).Count} models.")
                    : new Finding(Check, FindingLevel.Warning, $"{url} is starting or stopping.", "Wait, and look into its log.");
                return ExitCodes.Ok;
            });
        }
        catch (ApiException e)
        {
            found = new Finding(Check, FindingLevel.Failure, $"{url} answers {e.Status}: {e.Message}", e.Status == 401 ? "Give a key with --key." : "Look into its log.");
        }
        catch (Exception e) when (e is HttpRequestException or InvalidDataException or IOException)
        {
            found = new Finding(Check, FindingLevel.Failure, $"{url} can't be reached: {e.Message}", "Start it, or correct --url.");
        }

        return found!;
    }

    private static void Print(Finding finding)
    {
        var (word, colour) = finding.Level switch { FindingLevel.Ok => ("ok  ", "green"), FindingLevel.Warning => ("warn", "yellow"), _ => ("fail", "red") };
        Terminals.Output.Markup($"[{colour}]{word}[/] ");
        Console.WriteLine($"{finding.Check,-13} {Answer.Line(finding.Message)}");
        if (finding.Cure is { } cure)
        {
            Console.WriteLine($"{string.Empty,18} → {Answer.Line(cure)}");
        }
    }
}
