using System.Globalization;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>vLLM's <c>prompt_logprobs</c>: null for the first token, then for each token an object from ids to values, the token itself always among them.</summary>
internal static class PromptLogprobsFormatter
{
    /// <summary>JSON has no infinity; this is what OpenAI and vLLM write for it.</summary>
    private const float Lowest = -9999;

    public static List<Dictionary<string, PromptLogprob>?>? Format(int[] ids, LogProbBuffer? values, int? top, TokenLabels labels)
    {
        if (values is null || top is null)
        {
            return null;
        }

        var list = new List<Dictionary<string, PromptLogprob>?>(ids.Length) { null };
        for (var i = 1; i < ids.Length; i++)
        {
            list.Add(At(ids[i], values, i, top.Value, labels));
        }

        return list;
    }

    public static float Finite(float value) => float.IsFinite(value) ? value : Lowest;

    private static Dictionary<string, PromptLogprob> At(int id, LogProbBuffer values, int index, int top, TokenLabels labels)
    {
        var entries = new Dictionary<string, PromptLogprob>(top + 1, StringComparer.Ordinal);
        var ids = values.TopIds(index);
        var best = values.TopValues(index);
        entries[Key(id)] = new PromptLogprob(Finite(values[index]), values.RankAt(index), labels.Label(id, asId: false));
        for (var k = 0; k < Math.Min(top, ids.Length) && ids[k] >= 0; k++)
        {
            entries[Key(ids[k])] = new PromptLogprob(Finite(best[k]), k + 1, labels.Label(ids[k], asId: false));
        }

        return entries;
    }

    private static string Key(int id) => id.ToString(CultureInfo.InvariantCulture);
}
