using System.Threading.Tasks.Sources;

namespace AdapterServe.Engine.Requests;

/// <summary>
/// What the engine has produced so far for one request. The engine appends; one consumer reads.
/// <b>Effects</b>: publishing allocates nothing; everything is allocated when the request is submitted.
/// </summary>
public sealed class Generation : IValueTaskSource
{
    private readonly int[] _tokens;
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _signal = new() { RunContinuationsAsynchronously = true };
    private bool _waiting;
    private int _count;
    private bool _cancelRequested;
    private FinishReason? _finish;

    /// <param name="request">The request.</param>
    /// <param name="hiddenSize">The width of the model's hidden states.</param>
    internal Generation(GenerationRequest request, int hiddenSize = 0)
    {
        Request = request;
        _tokens = new int[request.MaxTokens];
        LogProbs = request.LogProbs is { } top ? new LogProbBuffer(request.MaxTokens, top) : null;
        PromptLogProbs = request.PromptLogProbs is { } promptTop ? new LogProbBuffer(request.PromptTokens.Length, promptTop) : null;
        Pooled = request.Pooling is null ? null : new PooledStates(hiddenSize);
    }

    public GenerationRequest Request { get; }

    /// <summary>Values of the generated tokens [0, <see cref="TokenCount"/>), or null when not asked for.</summary>
    public LogProbBuffer? LogProbs { get; }

    /// <summary>Values of the prompt's tokens; index 0 is never set. Complete when the first token is out or the request has ended.</summary>
    public LogProbBuffer? PromptLogProbs { get; }

    /// <summary>The prompt's pooled states, or null when not asked for. Complete when the request has ended by itself.</summary>
    public PooledStates? Pooled { get; }

    /// <summary>Generated tokens so far, the end id included.</summary>
    public int TokenCount => Volatile.Read(ref _count);

    /// <summary>How the request ended; null while it runs.</summary>
    public FinishReason? Finish
    {
        get
        {
            lock (_gate)
            {
                return _finish;
            }
        }
    }

    /// <summary>Prompt tokens whose keys and values came from the prefix cache.</summary>
    public int CachedPromptTokens { get; internal set; }

    internal bool CancelRequested => Volatile.Read(ref _cancelRequested);

    /// <summary>The token at <paramref name="index"/>, which must be below <see cref="TokenCount"/>.</summary>
    public int TokenAt(int index) => index < TokenCount ? _tokens[index] : throw new ArgumentOutOfRangeException(nameof(index));

    /// <summary>
    /// Completes when more than <paramref name="seen"/> tokens are out or the request has ended. One waiter at a time.
    /// </summary>
    public ValueTask WaitForMoreAsync(int seen)
    {
        lock (_gate)
        {
            if (_count > seen || _finish is not null)
            {
                return ValueTask.CompletedTask;
            }

            if (_waiting)
            {
                throw new InvalidOperationException("Only one consumer may wait for a generation.");
            }

            _waiting = true;
            _signal.Reset();
            return new ValueTask(this, _signal.Version);
        }
    }

    /// <summary>Asks the engine to end the request within a step; safe at any moment, from any thread, any number of times.</summary>
    public void Cancel() => Volatile.Write(ref _cancelRequested, true);

    /// <summary>Appends a token. The consumer learns of it by the next <see cref="Wake"/>.</summary>
    internal void Publish(int token)
    {
        _tokens[_count] = token;
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>Gives the request its one terminal outcome. The consumer learns of it by the next <see cref="Wake"/>.</summary>
    internal void End(FinishReason reason)
    {
        lock (_gate)
        {
            if (_finish is not null)
            {
                throw new InvalidOperationException("A request ends exactly once.");
            }

            _finish = reason;
        }
    }

    /// <summary>Lets a waiting consumer go on; of a request that has ended, the adapter is released first. Not on the engine's thread: both may allocate and take locks.</summary>
    internal void Wake()
    {
        if (Finish is not null)
        {
            Request.ReleaseAdapters();
        }

        lock (_gate)
        {
            if (!_waiting)
            {
                return;
            }

            _waiting = false;
        }

        _signal.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token) => _signal.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _signal.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _signal.OnCompleted(continuation, state, token, flags);
}
