namespace AdapterServe.Engine.Models;

/// <summary>How far a stage of an import is: <paramref name="Done"/> of <paramref name="Total"/> in the stage's unit.</summary>
public readonly record struct ImportProgress(ImportStage Stage, long Done, long Total);
