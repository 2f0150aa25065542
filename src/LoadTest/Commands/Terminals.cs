using Spectre.Console;

namespace AdapterServe.LoadTest.Commands;

internal static class Terminals
{
    /// <summary>For progress: results go to the output stream alone.</summary>
    public static IAnsiConsole Error { get; } = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(Console.Error),
        Interactive = Console.IsErrorRedirected ? InteractionSupport.No : InteractionSupport.Detect,
    });
}
