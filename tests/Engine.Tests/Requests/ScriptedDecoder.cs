using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Tests.Requests;

/// <summary>Each id stands for a text of its own; a rest may come with the flush.</summary>
internal sealed class ScriptedDecoder(string[] texts, string rest = "") : ITextDecoder
{
    public string Append(int id) => texts[id];

    public string Flush() => rest;
}
