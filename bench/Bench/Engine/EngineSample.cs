namespace AdapterServe.Bench.Engine;

/// <param name="WholeRate">Generated tokens a second from the first request to the last answer, prompts included in the time.</param>
/// <param name="DecodeRate">Generated tokens a second once every sequence has its first token.</param>
/// <param name="Overhead">Share of the steps' time outside the model's run.</param>
/// <param name="BytesPerStep">Managed bytes that the engine's thread allocated, per step.</param>
internal readonly record struct EngineSample(double WholeRate, double DecodeRate, double Overhead, double BytesPerStep);
