using AdapterServe.Engine.Tests.Goldens;

namespace AdapterServe.Engine.Tests.GenAi;

public sealed class GenAiGoldenTests
{
    public static TheoryData<string> Names => [.. DemoModel.AdapterNames.Prepend("base")];

    private sealed class Folder(string name) : DemoModel(Path.Combine(GoldenFile.Folder, "genai", name));

    [Theory]
    [InlineData("fp32")]
    [InlineData("int4")]
    public async Task T(string name)
    {
        using var demo = new Folder(name);
        await using var engine = demo.Start(new EngineOptions());
        foreach (var expected in GoldenFile.Read("genai-" + name).Cases)
        {
            await GoldenRun.CheckAsync(engine, name, null, expected, scorePrompt: true);
        }
    }

    [Fact]
    public async Task Adapters()
    {
        using var demo = new Folder("fp32");
        await using var engine = demo.Start(new EngineOptions());
        var failures = new List<string>();
        foreach (var name in DemoModel.AdapterNames)
        {
            try
            {
                foreach (var expected in GoldenFile.Read(name).Cases)
                {
                    await GoldenRun.CheckAsync(demo, engine, name, expected, scorePrompt: true);
                }
            }
            catch (Exception e) { failures.Add(name + ": " + e.Message); }
        }
        Assert.Empty(failures);
    }
}
