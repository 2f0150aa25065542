namespace AdapterServe.AdapterServer.Access.Jwt;

/// <summary>The keys that tokens may be signed with, as they are now.</summary>
internal interface IVerificationKeys
{
    /// <summary>Another object whenever the keys have changed.</summary>
    JsonWebKeySet Current { get; }

    /// <summary>A token names a key that is not there: perhaps there is a newer list. Returns at once.</summary>
    void AskAgain();
}
