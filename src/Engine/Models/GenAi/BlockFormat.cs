namespace AdapterServe.Engine.Models.GenAi;

/// <param name="Bits">4 or 8.</param>
/// <param name="BlockSize">Columns that share a scale.</param>
/// <param name="AccuracyLevel">As the operator has it: 4 computes on int8 activations, 0 and 1 on f32.</param>
internal sealed record BlockFormat(int Bits, int BlockSize, int AccuracyLevel);
