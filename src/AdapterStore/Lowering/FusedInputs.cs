using AdapterServe.AdapterStore.Formats;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>
/// A fused linear has one input for all of its parts, so that none of them can have its input changed alone, nor the whole while a part reads the input too.
/// <b>Errors</b>: Unservable <c>fused_input</c>.
/// </summary>
internal static class FusedInputs
{
    public static void RequireServable(IReadOnlyCollection<SiteTensors> forms)
    {
        var parts = forms.Where(form => form.Site.Whole is not null).ToList();
        if (parts.Count == 0)
        {
            return;
        }

        var wholes = parts.Select(part => part.Site.Whole!).ToHashSet();
        if (forms.FirstOrDefault(form => OnInput(form.Form) && (form.Site.Whole is not null || wholes.Contains(form.Site))) is { } clash)
        {
            throw StoreErrors.Unservable(
                "fused_input",
                $"The adapter changes the input of '{clash.Site.Path}', but the base computes '{(clash.Site.Whole ?? clash.Site).Path}' as one product for all of its parts; adapt the whole.");
        }
    }

    private static bool OnInput(FormKind form) => form is FormKind.AttentionPrompt or FormKind.InputScale or FormKind.InputRotation;
}
