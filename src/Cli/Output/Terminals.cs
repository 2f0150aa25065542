using Spectre.Console;

namespace AdapterServe.Cli.Output;

internal static class Terminals
{
    private const int UsualWidth = 160;

    /// <summary>For results; a file or a pipe has no width of its own.</summary>
    public static IAnsiConsole Output { get; } = Make(Console.Out, Console.IsOutputRedirected);

    /// <summary>For progress: results go to the output stream alone.</summary>
    public static IAnsiConsole Error { get; } = Make(Console.Error, Console.IsErrorRedirected);

    private static IAnsiConsole Make(TextWriter writer, bool isRedirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Interactive = isRedirected ? InteractionSupport.No : InteractionSupport.Detect,
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
        });
        if (isRedirected)
        {
            console.Profile.Width = UsualWidth;
        }

        return console;
    }
}
