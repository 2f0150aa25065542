namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Why the server could not start, for the process's last words and exit code.</summary>
internal sealed class StartupFailure
{
    private string? _sentence;

    public string? Sentence => Volatile.Read(ref _sentence);

    public void Set(string sentence) => Volatile.Write(ref _sentence, sentence);
}
