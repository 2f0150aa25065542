using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Options;
using Microsoft.Extensions.Options;

namespace AdapterServe.AdapterServer.Commands;

/// <summary>The server as a program, whatever starts it.</summary>
public static class ServerProgram
{
    private const int StartFailed = 1;
    private const int Wrong = 2;

    /// <summary>The names of all options, each of which takes a value or is a switch.</summary>
    public static IReadOnlyList<string> Options => [.. OptionNames.All().Select(option => option.Option)];

    /// <summary>Serves until the process is told to stop. Sentences for the operator go to the error stream.</summary>
    /// <returns>0; 1 when the server could not start; 2 for wrong options or a model that can't be served.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (arguments.Contains("--help"))
        {
            Console.WriteLine(Usage.Text());
            return 0;
        }

        try
        {
            var app = ServerApplication.Build(arguments);
            await using (app.ConfigureAwait(false))
            {
                var failure = app.Services.GetRequiredService<StartupFailure>();
                DataFolder.Prepare(app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.Data);
                try
                {
                    await app.RunAsync().ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    // Told to stop, or unable to start, before it listened.
                }

                return failure.Sentence is { } sentence ? Fail(sentence, failure.IsWrongModel ? Wrong : StartFailed) : 0;
            }
        }
        catch (CommandLineException e)
        {
            return Fail(e.Message, Wrong);
        }
        catch (OptionsValidationException e)
        {
            return Fail(string.Join(' ', e.Failures.Select(OptionNames.InOperatorsWords)), Wrong);
        }
        catch (Exception e) when (e is StartupException or IOException)
        {
            return Fail(e.Message, StartFailed);
        }
    }

    private static int Fail(string sentence, int code)
    {
        Console.Error.WriteLine($"adapterserve: {sentence}");
        return code;
    }
}
