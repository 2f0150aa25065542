namespace AdapterServe.LoadTest.Sending;

/// <summary>Told of a request's tokens at the moment when they come.</summary>
internal interface ITokenSink
{
    void Tokens(int count);
}
