using System.CommandLine;
using System.Globalization;
using AdapterServe.LoadTest.Synthesis;

namespace AdapterServe.LoadTest.Commands;

/// <summary><c>make-adapters MODEL DIR</c>: any number of adapters of any kinds for a model.</summary>
internal sealed class MakeAdaptersCommand
{
    private const int FirstSeed = 1000;
    private readonly Argument<string> _model = new("model") { Description = "The model's Hugging Face folder; its config.json is read" };
    private readonly Argument<string> _folder = new("dir") { Description = "The folder that the adapters' folders go to" };
    private readonly Option<string> _kinds = Words.With("--kinds", $"With commas, or all: {string.Join(", ", AdapterRecipes.Kinds.Keys)}", "lora");
    private readonly Option<int?> _count = Numbers.With<int>("--count", "Adapters of each kind", 8);
    private readonly Option<int?> _rank = Numbers.With<int>("--rank", "Of the kinds that have one", 16);
    private readonly Option<string> _type = Words.With("--dtype", "f32, bf16 or f16", "bf16");

    public Command Build()
    {
        var command = new Command("make-adapters", "Writes adapters with random weights.") { _model, _folder, _kinds, _count, _rank, _type };
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var (model, folder) = (parsed.GetValue(_model)!, parsed.GetValue(_folder)!);
        var count = LoadOptionSet.AtLeast("--count", 1, parsed.GetValue(_count)!.Value)!.Value;
        var rank = LoadOptionSet.AtLeast("--rank", 1, parsed.GetValue(_rank)!.Value)!.Value;
        var type = WeightTypes.Parse(parsed.GetValue(_type)!);
        var recipes = new AdapterRecipes(ModelShape.Read(model), rank, Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model))));
        foreach (var (kind, recipeOf) in Kinds(parsed.GetValue(_kinds)!))
        {
            var bytes = 0L;
            for (var place = 0; place < count; place++)
            {
                bytes += AdapterMaker.Write(Path.Combine(folder, AdapterMaker.Name(kind, place, count)), recipeOf(recipes), type, FirstSeed + place);
            }

            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"{folder}: {count} adapters of kind {kind}, {bytes / 1e6 / count:0.###} MB each"));
        }

        return ExitCodes.Ok;
    }

    private static IReadOnlyList<KeyValuePair<string, Func<AdapterRecipes, AdapterRecipe>>> Kinds(string list)
    {
        var all = AdapterRecipes.Kinds;
        var names = list == "all" ? [.. all.Keys] : list.Split(',', StringSplitOptions.TrimEntries);
        return [.. names.Select(name => all.TryGetValue(name, out var recipe)
            ? KeyValuePair.Create(name, recipe)
            : throw new UserErrorException($"There is no kind '{name}'; there are {string.Join(", ", all.Keys)}."))];
    }
}
