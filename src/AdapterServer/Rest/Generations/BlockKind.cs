namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>Compositions of the adapters library that a request may ask for.</summary>
internal enum BlockKind
{
    Stack,
    Average,
    Fuse,
    Split,
}
