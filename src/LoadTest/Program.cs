using System.CommandLine;
using AdapterServe.LoadTest;
using AdapterServe.LoadTest.Commands;

var root = new RootCommand("Loads a server with requests for many adapters and measures how it answers; makes the models and adapters for that.")
{
    new RunCommand().Build(),
    new SearchCommand().Build(),
    new MakeModelCommand().Build(),
    new MakeAdaptersCommand().Build(),
    new UploadCommand().Build(),
};
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    return Fail(parsed.Errors[0].Message);
}

try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (UserErrorException e)
{
    return Fail(e.Message);
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    return Fail(e.Message);
}

static int Fail(string sentence)
{
    Console.Error.WriteLine($"adapterserve-load: {sentence}");
    return ExitCodes.WrongUse;
}
