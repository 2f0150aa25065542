using System.CommandLine;

namespace AdapterServe.LoadTest.Commands;

/// <summary>Options that take a word, checked by whoever reads it.</summary>
internal static class Words
{
    public static Option<string?> Optional(string name, string description) => new(name) { Description = description };

    public static Option<string> With(string name, string description, string usual) =>
        new(name) { Description = description, DefaultValueFactory = _ => usual };
}
