namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>The folder with f32 weights.</summary>
public sealed class FloatModel() : GenAiModel("fp32", bits: 0);
