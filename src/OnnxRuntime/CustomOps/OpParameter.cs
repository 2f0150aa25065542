using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.OnnxRuntime.CustomOps;

/// <summary>One input or output of a custom op. <see cref="OnHost"/> has a meaning for an input of an op on another provider than the CPU.</summary>
public readonly record struct OpParameter(ElementType Type, OpParameterKind Kind = OpParameterKind.Required, bool OnHost = false);
