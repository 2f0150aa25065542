namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Why the server could not start, for the process's last words and exit code.</summary>
internal sealed class StartupFailure
{
    private string? _sentence;

    public string? Sentence => Volatile.Read(ref _sentence);

    /// <summary>The model folder is at fault: it can't be served as it is, however often the start is tried.</summary>
    public bool IsWrongModel { get; private set; }

    public void Set(string sentence, bool isWrongModel)
    {
        IsWrongModel = isWrongModel;
        Volatile.Write(ref _sentence, sentence);
    }
}
