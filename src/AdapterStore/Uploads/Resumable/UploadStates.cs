namespace AdapterServe.AdapterStore.Uploads.Resumable;

/// <summary>The states of a resumable upload, in their order.</summary>
public static class UploadStates
{
    /// <summary>Bytes are missing.</summary>
    public const string Uploading = "uploading";

    /// <summary>All bytes are there, and it is being found out what they are.</summary>
    public const string Verifying = "verifying";

    /// <summary>It is a version now.</summary>
    public const string Ready = "ready";

    /// <summary>It is none, for the reason that is given.</summary>
    public const string Refused = "refused";
}
