using System.Collections.Immutable;

namespace AdapterServe.Kernels.Weights;

/// <summary>
/// Several bottlenecks that read the same rows h, and how their outputs b_i join y.
/// <b>Semantics</b>: with factors y = carry y + sum factor_i b_i; with attention p = softmax_i((Q q + c) . (K b_i)), q = h or y, and y += V (sum p_i b_i). Q, K and V may
/// be missing, which is the identity.
/// <b>Shapes</b>: Q, K, V [H, H], c [H]. <b>Layout</b>: Q, K transposed and V as <see cref="DenseWeights"/>, c as <see cref="VectorWeights"/>.
/// </summary>
public sealed class MixtureWeights : FormWeights
{
    public const int MaxChildren = 64;

    private MixtureWeights(int width, long bytes)
        : base(FormKind.Mixture, width, width, bytes)
    {
    }

    /// <summary>What is h: the site's input, its output, or both.</summary>
    public BottleneckInput Input { get; private init; }

    /// <summary>At least one, but for an attention that was packed and not joined to its bottlenecks yet.</summary>
    public ImmutableArray<BottleneckWeights> Children { get; private init; } = [];

    /// <summary>One for each child; empty with attention.</summary>
    public ImmutableArray<float> Factors { get; private init; } = [];

    public float Carry { get; private init; } = 1;

    public bool HasAttention => Expected > 0;

    /// <summary>Q.</summary>
    public DenseWeights? Query { get; private init; }

    /// <summary>c.</summary>
    public VectorWeights? QueryBias { get; private init; }

    /// <summary>K transposed: (Q q + c) . (K b) = (Kt (Q q + c)) . b.</summary>
    public DenseWeights? Key { get; private init; }

    /// <summary>V.</summary>
    public DenseWeights? Value { get; private init; }

    /// <summary>Whether q is y instead of h.</summary>
    public bool QueriesOutput { get; private init; }

    /// <summary>How many bottlenecks an attention is for; 0 with factors.</summary>
    public int Expected { get; private init; }

    /// <summary>Packs an attention, which <see cref="Over"/> joins to its bottlenecks.</summary>
    public static MixtureWeights PackAttention(WeightArena arena, int width, int expected, AttentionParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentOutOfRangeException.ThrowIfLessThan(expected, 1);
        var query = Dense(arena, width, parts.Query, DenseMode.Replace);
        var bias = parts.QueryBias is null ? null : VectorWeights.Pack(arena, FormKind.OutputBias, width, width, parts.QueryBias);
        var key = Dense(arena, width, parts.KeyTransposed, DenseMode.Replace);
        var value = Dense(arena, width, parts.Value, DenseMode.Add);
        return new MixtureWeights(width, (query?.Bytes ?? 0) + (bias?.Bytes ?? 0) + (key?.Bytes ?? 0) + (value?.Bytes ?? 0))
        {
            Query = query, QueryBias = bias, Key = key, Value = value, QueriesOutput = parts.QueriesOutput, Expected = expected,
        };
    }

    /// <summary>A packed attention over bottlenecks, whose own norms behind them do not act; shares their memory.</summary>
    public MixtureWeights Over(BottleneckInput input, ImmutableArray<BottleneckWeights> children) => new(OutFeatures, bytes: 0)
    {
        Input = input,
        Children = Require(OutFeatures, children, keepsAfter: false),
        Query = Query,
        QueryBias = QueryBias,
        Key = Key,
        Value = Value,
        QueriesOutput = QueriesOutput,
        Expected = Expected,
    };

    /// <summary>Bottlenecks with fixed factors; shares their memory.</summary>
    public static MixtureWeights Of(int width, BottleneckInput input, ImmutableArray<BottleneckWeights> children, ImmutableArray<float> factors, float carry)
    {
        Shape.Require("Mixture", "factors", children.Length, factors.Length);
        return new MixtureWeights(width, bytes: 0) { Input = input, Children = Require(width, children, keepsAfter: true), Factors = factors, Carry = carry };
    }

    private static DenseWeights? Dense(WeightArena arena, int width, float[]? values, DenseMode mode) =>
        values is null ? null : DenseWeights.Pack(arena, width, width, values, mode, WeightType.F32);

    private static ImmutableArray<BottleneckWeights> Require(int width, ImmutableArray<BottleneckWeights> children, bool keepsAfter)
    {
        Shape.RequireRange("Mixture", "bottlenecks", 1, MaxChildren + 1, children.Length);
        foreach (var child in children)
        {
            Shape.Require("Mixture", "out features of a bottleneck", width, child.OutFeatures);
            Shape.Require("Mixture", "in features of a bottleneck", width, child.InFeatures);
            if (child.HasState || child.AfterNormsOutput)
            {
                throw new ArgumentException("Mixture: a bottleneck has a state or norms the site's output.", nameof(children));
            }
        }

        return [.. children.Select(child => child.InMixture(keepsAfter))];
    }
}

/// <summary>What an attention over bottlenecks is packed from. <b>Shapes</b>: matrices [H, H] row-major, null for the identity; QueryBias [H], only with Query.</summary>
public sealed record AttentionParts(float[]? Query, float[]? QueryBias, float[]? KeyTransposed, float[]? Value, bool QueriesOutput);
