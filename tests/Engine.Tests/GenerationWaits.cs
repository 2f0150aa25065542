using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Tests;

internal static class GenerationWaits
{
    /// <summary>The same generation, once it has ended.</summary>
    public static async Task<Generation> EndAsync(this Generation generation)
    {
        while (generation.Finish is null)
        {
            await generation.WaitForMoreAsync(generation.TokenCount);
        }

        return generation;
    }
}
