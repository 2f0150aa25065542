namespace AdapterServe.LoadTest.Commands;

internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>More errors than allowed, or the limits were missed.</summary>
    public const int Failed = 1;

    /// <summary>Wrong options or files, or a server that can't be reached.</summary>
    public const int WrongUse = 2;
}
