using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Options;
using Microsoft.Extensions.Options;

const int StartFailed = 1;
const int Wrong = 2;

if (args.Contains("--help"))
{
    Console.WriteLine(Usage.Text());
    return 0;
}

try
{
    var app = ServerApplication.Build(args);
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

static int Fail(string sentence, int code)
{
    Console.Error.WriteLine($"adapterserve: {sentence}");
    return code;
}
