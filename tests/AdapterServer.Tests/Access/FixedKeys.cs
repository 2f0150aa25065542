using AdapterServe.AdapterServer.Access.Jwt;

namespace AdapterServe.AdapterServer.Tests.Access;

/// <summary>Keys that a test sets.</summary>
internal sealed class FixedKeys : IVerificationKeys
{
    public JsonWebKeySet Current { get; set; } = JsonWebKeySet.Empty;

    public int Asked { get; private set; }

    public void AskAgain() => Asked++;
}
