using System.Diagnostics;

namespace AdapterServe.Engine.Fusing;

/// <summary>What the base's weights hold. Belongs to the engine's thread.</summary>
internal sealed class HeldWeights
{
    private IWeightChange? _change;

    /// <summary>Null for the base alone.</summary>
    public FusedTarget? Target { get; private set; }

    /// <summary>Whether a request that was taken for <paramref name="digest"/>, null for the base, can be computed with them.</summary>
    public bool Serve(string? digest) => Target is null ? digest is null : !Target.IsBroken && Target.Digest == digest;

    /// <summary>While no step runs. A failure to put an adapter in leaves the base; one to take it out leaves weights that serve nobody.</summary>
    public void Switch(WeightSwitch next)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            Restore();
            Apply(next);
            next.Succeed(Stopwatch.GetElapsedTime(started));
        }
        catch (Exception failure)
        {
            next.Fail(new WeightSwitchException(Target, $"The base's weights could not be changed: {failure.Message}", failure));
        }
    }

    private void Apply(WeightSwitch next)
    {
        if (next.Change is null)
        {
            return;
        }

        (_change, Target) = (next.Change, next.Target! with { IsBroken = true });
        try
        {
            _change.Apply();
            Target = next.Target;
        }
        catch
        {
            Restore();
            throw;
        }
    }

    private void Restore()
    {
        if (_change is null)
        {
            return;
        }

        Target = Target! with { IsBroken = true };
        _change.Restore();
        (_change, Target) = (null, null);
    }
}
