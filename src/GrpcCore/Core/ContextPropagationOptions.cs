namespace Grpc.Core;

/// <param name="propagateDeadline">The deadline is handed on.</param>
/// <param name="propagateCancellation">Cancellation is handed on.</param>
public class ContextPropagationOptions(bool propagateDeadline = true, bool propagateCancellation = true)
{
    public static readonly ContextPropagationOptions Default = new();

    public bool IsPropagateDeadline => propagateDeadline;

    public bool IsPropagateCancellation => propagateCancellation;
}
