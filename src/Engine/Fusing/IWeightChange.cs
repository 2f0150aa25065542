namespace AdapterServe.Engine.Fusing;

/// <summary>
/// What fusing an adapter does to the base's weights, and the way back. <b>Effects</b>: on the engine's thread, while no step runs.
/// <b>Errors</b>: any exception of <see cref="Restore"/> means that the weights are not whole; calling it again may mend them.
/// </summary>
internal interface IWeightChange
{
    void Apply();

    /// <summary>Leaves the bits that were there before <see cref="Apply"/>, also one that failed halfway.</summary>
    void Restore();
}
