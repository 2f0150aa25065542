using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Engine.Tests.Models;

namespace AdapterServe.Engine.Tests.GenAi;

public sealed class ProbeTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("fp32")]
    [InlineData("int4")]
    public async Task P(string name)
    {
        var folder = Path.Combine(GoldenFile.Folder, "genai", name);
        using var oracle = new FolderOracle(folder, 4, 32);
        using var cache = new TemporaryFolder();
        var model = await new ModelImporter().ImportAsync(folder, cache.Path, cancellation: TestContext.Current.CancellationToken);
        using var runner = new ReferenceRunner(model, 256);
        double self = 0, mean = 0; int count = 0; double goldenOrt = 0, goldenOurs = 0, ortOurs = 0;
        foreach (var expected in GoldenFile.Read("genai-" + name).Cases)
        {
            using var fresh = new ReferenceRunner(model, 64);
            var ids = expected.PromptIds;
            var ort = oracle.Logits(ids);
            var ours = fresh.Step([ids], Enumerable.Range(0, ids.Length).Select(i => (long)i).ToArray());
            output.WriteLine(string.Join(' ', Enumerable.Range(0, ids.Length).Select(t => ort[t].Zip(ours[t], (x, y) => Math.Abs(x - y)).Max().ToString("e1"))));
            for (var t = 1; t < ids.Length; t++)
            {
                var a = ReferenceRunner.LogProbabilities(ort[t - 1])[ids[t]];
                var b = ReferenceRunner.LogProbabilities(ours[t - 1])[ids[t]];
                goldenOrt = Math.Max(goldenOrt, Math.Abs(a - expected.PromptLogprobs[t]!.Value));
                goldenOurs = Math.Max(goldenOurs, Math.Abs(b - expected.PromptLogprobs[t]!.Value));
                mean += Math.Abs(a - b); count++; if (t % 3 == 0) { var cut = ReferenceRunner.LogProbabilities(oracle.Logits(ids[..t])[t - 1])[ids[t]]; self = Math.Max(self, Math.Abs(cut - a)); }
                ortOurs = Math.Max(ortOurs, Math.Abs(a - b));
            }
        }
        output.WriteLine($"{name}: golden-ort {goldenOrt} golden-ours {goldenOurs} ort-ours {ortOurs}");
        Assert.Fail($"self {self} mean {mean/count} {name}: golden-ort {goldenOrt} golden-ours {goldenOurs} ort-ours {ortOurs}");
    }
}
