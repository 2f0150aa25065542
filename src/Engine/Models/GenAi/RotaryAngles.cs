using System.Collections.Immutable;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>Cosines or sines by position. <b>Shapes</b>: f32 [positions, rotating dimensions / 2].</summary>
/// <param name="First">What holds for all sequences, or for short ones.</param>
/// <param name="Long">What holds for sequences beyond the model's first context; null: there are no others.</param>
internal sealed record RotaryAngles(OnnxTensor First, OnnxTensor? Long) : GraphValue
{
    /// <summary>Positions that a sequence may reach.</summary>
    public long Positions => (Long ?? First).Shape[0];

    public bool Fits(RotaryAngles other, int headSize) =>
        IsTable(First, headSize) && AreAlike(First, other.First) && (Long is null) == (other.Long is null)
            && (Long is null || (IsTable(Long, headSize) && Long.Shape[1] == First.Shape[1] && AreAlike(Long, other.Long!)));

    public PlannedWeight Plan(string name)
    {
        ImmutableArray<TensorRows> parts = Long is null ? [TensorRows.All(First)] : [TensorRows.All(First), TensorRows.All(Long)];
        return TensorRows.Plan(name, parts, [parts.Sum(part => part.Count), First.Shape[1]]);
    }

    private static bool IsTable(OnnxTensor tensor, int headSize) =>
        tensor is { Type: ElementType.Float32, Shape.Length: 2 } && tensor.Shape[0] > 0 && tensor.Shape[1] > 0 && tensor.Shape[1] <= headSize / 2;

    private static bool AreAlike(OnnxTensor first, OnnxTensor second) => first.Type == second.Type && first.HasShape(second.Shape.AsSpan());
}
