using System.CommandLine;
using System.Globalization;
using AdapterServe.LoadTest.Synthesis;

namespace AdapterServe.LoadTest.Commands;

/// <summary><c>make-model DIR</c>: a model of any shape, to load a server with.</summary>
internal sealed class MakeModelCommand
{
    private static readonly ModelShape s_usual = new();
    private readonly Argument<string> _folder = new("dir") { Description = "The folder to write" };
    private readonly Option<int?> _layers = Size("--layers", "Layers", s_usual.Layers);
    private readonly Option<int?> _hidden = Size("--hidden", "Width of the residual stream", s_usual.Hidden);
    private readonly Option<int?> _heads = Size("--heads", "Attention heads", s_usual.Heads);
    private readonly Option<int?> _kvHeads = Size("--kv-heads", "Key-value heads", s_usual.KvHeads);
    private readonly Option<int?> _headSize = Size("--head-size", "Width of a head", s_usual.HeadSize);
    private readonly Option<int?> _feedForward = Size("--ff", "Width of the feed-forward layers", s_usual.FeedForward);
    private readonly Option<int?> _vocabulary = Size("--vocab", "Tokens in the vocabulary", s_usual.Vocabulary);
    private readonly Option<int?> _context = Size("--context", "Tokens of the context", s_usual.Context);
    private readonly Option<string> _type = Words.With("--dtype", "f32, bf16 or f16", "f32");
    private readonly Option<ulong?> _seed = Numbers.With<ulong>("--seed", "Another seed, other weights", 1);

    public Command Build()
    {
        var command = new Command("make-model", "Writes a Llama with random weights and a byte-level tokenizer as a Hugging Face folder.");
        command.Add(_folder);
        Option[] options =
        [
            _layers, _hidden, _heads, _kvHeads, _headSize, _feedForward, _vocabulary, _context, _type, _seed,
        ];
        foreach (var option in options)
        {
            command.Add(option);
        }

        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var shape = new ModelShape
        {
            Layers = parsed.GetValue(_layers)!.Value, Hidden = parsed.GetValue(_hidden)!.Value, Heads = parsed.GetValue(_heads)!.Value,
            KvHeads = parsed.GetValue(_kvHeads)!.Value, HeadSize = parsed.GetValue(_headSize)!.Value,
            FeedForward = parsed.GetValue(_feedForward)!.Value, Vocabulary = parsed.GetValue(_vocabulary)!.Value,
            Context = parsed.GetValue(_context)!.Value,
        }.Checked();
        var folder = parsed.GetValue(_folder)!;
        var bytes = ModelMaker.Write(folder, shape, WeightTypes.Parse(parsed.GetValue(_type)!), parsed.GetValue(_seed)!.Value);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{folder}: {bytes / 1e6:0.#} MB of weights"));
        return ExitCodes.Ok;
    }

    private static Option<int?> Size(string name, string description, int usual) => Numbers.With(name, description, usual);
}
