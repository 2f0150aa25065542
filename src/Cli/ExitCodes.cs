namespace AdapterServe.Cli;

internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>The server refused, or a check failed.</summary>
    public const int Failed = 1;

    /// <summary>Wrong options or files.</summary>
    public const int WrongUse = 2;

    /// <summary>The server can't be reached.</summary>
    public const int Unreachable = 3;
}
