using AdapterServe.AdapterServer.Commands;
using AdapterServe.Cli.Commands;

// The server's options are its own: everything behind the word goes to it as it is.
if (args is [ServeCommand.Name, .. var options])
{
    return await ServerProgram.RunAsync(options).ConfigureAwait(false);
}

return await CommandTree.RunAsync(args).ConfigureAwait(false);
