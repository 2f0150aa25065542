using AdapterServe.AdapterServer.Commands;

return await ServerProgram.RunAsync(args).ConfigureAwait(false);
