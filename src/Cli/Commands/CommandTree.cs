using System.CommandLine;
using System.Net.Sockets;
using AdapterServe.AdapterServer.Commands;
using AdapterServe.Client.Http;
using AdapterServe.Client.Sse;

namespace AdapterServe.Cli.Commands;

/// <summary>All commands, and what becomes of their failures: one sentence on the error stream and an exit code.</summary>
internal static class CommandTree
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var server = new ServerOptionSet();
        var root = new RootCommand("AdapterServe: one base model, many adapters. Serves, and asks a server that runs.")
        {
            ServeCommand.Build(),
            AdapterCommands.Build(server),
            ChatCommand.Build(server),
            KeyCommands.Build(server),
            TenantCommands.Build(server),
            ImportCommand.Build(server),
            DoctorCommand.Build(server),
            CompletionCommand.Build(),
        };
        server.AddTo(root);
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            return Fail(parsed.Errors[0].Message, ExitCodes.WrongUse);
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (CommandException e)
        {
            return Fail(e.Message, ExitCodes.WrongUse);
        }
        catch (ApiException e)
        {
            return Fail(e.Code is null ? e.Message : $"{e.Message} ({e.Code})", ExitCodes.Failed);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            return Fail($"The server at {server.UrlOf(parsed)} can't be reached: {e.Message.TrimEnd('.')}. ./serve or 'adapterserve serve' starts one; --url or {ServerOptionSet.UrlVariable} names another.", ExitCodes.Unreachable);
        }
        catch (Exception e) when (e is SseFormatException or InvalidDataException)
        {
            return Fail(e.Message, ExitCodes.Failed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fail(e.Message, ExitCodes.WrongUse);
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Failed;
        }
    }

    private static int Fail(string sentence, int code)
    {
        Console.Error.WriteLine($"adapterserve: {sentence}");
        return code;
    }
}
