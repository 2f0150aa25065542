namespace AdapterServe.Engine.Requests;

/// <summary>
/// Log-probabilities of a run of tokens, filled by the engine without allocating.
/// <b>Semantics</b>: log-softmax of the raw logits (before bias, penalties and temperature) at the token's position.
/// <b>Shapes</b>: capacity tokens, each with its own value and rank, and <see cref="TopCount"/> best (id, value) pairs, best first, ties to the smaller id.
/// </summary>
public sealed class LogProbBuffer(int capacity, int topCount)
{
    private readonly float[] _own = new float[capacity];
    private readonly int[] _ranks = new int[capacity];
    private readonly int[] _topIds = new int[capacity * topCount];
    private readonly float[] _topValues = new float[capacity * topCount];

    public int TopCount { get; } = topCount;

    public float this[int index] => _own[index];

    /// <summary>1 + how many tokens of the vocabulary are more likely; of equally likely ones the smaller id comes first.</summary>
    public int RankAt(int index) => _ranks[index];

    public ReadOnlySpan<int> TopIds(int index) => _topIds.AsSpan(index * TopCount, TopCount);

    public ReadOnlySpan<float> TopValues(int index) => _topValues.AsSpan(index * TopCount, TopCount);

    internal void Set(int index, float own, int rank) => (_own[index], _ranks[index]) = (own, rank);

    internal Span<int> WritableTopIds(int index) => _topIds.AsSpan(index * TopCount, TopCount);

    internal Span<float> WritableTopValues(int index) => _topValues.AsSpan(index * TopCount, TopCount);
}
