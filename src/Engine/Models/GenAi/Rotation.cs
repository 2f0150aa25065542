using AdapterServe.Engine.Models.Weights;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// The tables of a rotation. <b>Shapes</b>: f32 [positions, rotating dimensions / 2], cosines and sines alike; rows for long sequences behind the
/// others.
/// </summary>
internal sealed record Rotation(RotaryAngles Cos, RotaryAngles Sin)
{
    public PlannedWeight PlanCos(string name) => Cos.Plan(name);

    public PlannedWeight PlanSin(string name) => Sin.Plan(name);
}
