using System.Text.Json;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>Forms as clients see them: <see cref="FormKind.LowRank"/> is <c>low_rank</c>.</summary>
internal static class FormNames
{
    public static string Of(FormKind form) => JsonNamingPolicy.SnakeCaseLower.ConvertName(form.ToString());
}
