using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Tests.Rest;

/// <summary>Tokens without text.</summary>
internal sealed class PlainDecoder : ITextDecoder
{
    public string Append(int id) => string.Empty;

    public string Flush() => string.Empty;
}
