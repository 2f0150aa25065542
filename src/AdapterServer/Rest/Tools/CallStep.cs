namespace AdapterServe.AdapterServer.Rest.Tools;

/// <summary>What another character is to a call.</summary>
internal enum CallStep
{
    /// <summary>A part that is not shown.</summary>
    More,

    /// <summary>With it the call has begun.</summary>
    Begun,

    /// <summary>A part of the arguments.</summary>
    Argument,

    /// <summary>The object's end.</summary>
    Ended,

    /// <summary>It is no call.</summary>
    Bad,
}
