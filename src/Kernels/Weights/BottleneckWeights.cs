namespace AdapterServe.Kernels.Weights;

/// <summary>
/// The weights of <see cref="BottleneckParts"/>.
/// <b>Layout</b>: Down as the A of <see cref="LowRankWeights"/>, Up as its B with the bias u as one more column; with bits sixteen lanes are a word,
/// and the last column of Up
/// is ones, for Low times the sum of what it is multiplied with. Vectors are f32, zero-padded to sixteen.
/// </summary>
public sealed unsafe class BottleneckWeights : FormWeights
{
    private BottleneckWeights(BottleneckParts parts, int inFeatures, int outFeatures, PackedMatrix down, PackedMatrix up, WeightArena arena)
        : base(FormKind.Bottleneck, inFeatures, outFeatures, down.Bytes + up.Bytes)
    {
        (Input, Activation, Scale, AfterNormsOutput) = (parts.Input, parts.Activation, parts.Scale, parts.AfterNormsOutput);
        (InOffset, InWidth, OutOffset, OutWidth, Rank) = (parts.InOffset, parts.Down.Columns, parts.OutOffset, parts.Up.Rows, parts.Down.Rows);
        Type = parts.Down.Type;
        (Down, Up) = (down, up);
        HasLastColumn = parts.UpBias is not null || Type == WeightType.Bit;
        DownBias = PackVector(arena, parts.DownBias);
        ChannelScale = PackVector(arena, parts.ChannelScale);
        Before = PackedNorm.Pack(arena, parts.Before);
        After = PackedNorm.Pack(arena, parts.After);
        Convolution = PackedConvolution.Pack(arena, parts.Convolution, Rank);
    }

    private BottleneckWeights(BottleneckWeights other, float scale)
        : base(FormKind.Bottleneck, other.InFeatures, other.OutFeatures, bytes: 0)
    {
        (Input, Activation, Scale, AfterNormsOutput) = (other.Input, other.Activation, scale, other.AfterNormsOutput);
        (InOffset, InWidth, OutOffset, OutWidth, Rank) = (other.InOffset, other.InWidth, other.OutOffset, other.OutWidth, other.Rank);
        (Type, Down, Up, HasLastColumn) = (other.Type, other.Down, other.Up, other.HasLastColumn);
        DownBias = other.DownBias;
        ChannelScale = other.ChannelScale;
        (Before, After, Convolution) = (other.Before, other.After, other.Convolution);
    }

    public BottleneckInput Input { get; private init; }

    public int InOffset { get; }

    public int InWidth { get; }

    public int OutOffset { get; }

    public int OutWidth { get; }

    public int Rank { get; }

    public WeightType Type { get; }

    public Activation Activation { get; }

    public float Scale { get; }

    public bool AfterNormsOutput { get; }

    /// <summary>Whether each sequence keeps a state for this form, see <see cref="PackedConvolution"/>.</summary>
    public bool HasState => StateEnd > 0;

    public override long StateEnd => Convolution.StateEnd;

    internal PackedMatrix Down { get; }

    internal PackedMatrix Up { get; }

    internal bool HasLastColumn { get; }

    internal float* DownBias { get; }

    internal float* ChannelScale { get; }

    internal PackedNorm Before { get; }

    internal PackedNorm After { get; private init; }

    internal PackedConvolution Convolution { get; }

    /// <param name="arena">Takes the memory.</param>
    /// <param name="inFeatures">Width of the site's input; at an embedding, whose input is not read, anything.</param>
    /// <param name="outFeatures">Width of the site's output.</param>
    /// <param name="parts">f32 and bf16 are held as they are; a bf16 Up with a bias that bf16 cannot hold is the caller's to widen.</param>
    public static BottleneckWeights Pack(WeightArena arena, int inFeatures, int outFeatures, BottleneckParts parts)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentNullException.ThrowIfNull(parts);
        BottleneckChecks.Require(parts, inFeatures, outFeatures);
        return new BottleneckWeights(
            parts, inFeatures, outFeatures, PackedMatrix.Dot(arena, parts.Down), PackedMatrix.Panel(arena, parts.Up, parts.UpBias), arena);
    }

    /// <summary>Null for one that reads y, which others change, or has a norm behind it.</summary>
    public override BottleneckWeights? Scaled(float factor) =>
        Input is BottleneckInput.Input or BottleneckInput.Normed && !After.IsPresent ? new BottleneckWeights(this, Scale * factor) : null;

    /// <summary>The same over the same memory, on rows that a mixture gives it as a site's input; without the norm of its own where a mixture comes before that.</summary>
    internal BottleneckWeights InMixture(bool keepsAfter) => new(this, Scale) { Input = BottleneckInput.Input, After = keepsAfter ? After : default };

    private static float* PackVector(WeightArena arena, float[]? values) => values is null ? null : Packing.Vector(arena, values);
}
