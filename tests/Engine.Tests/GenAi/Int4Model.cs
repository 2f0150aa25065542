namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>The folder with 4-bit weights.</summary>
public sealed class Int4Model() : GenAiModel("int4", bits: 4);
