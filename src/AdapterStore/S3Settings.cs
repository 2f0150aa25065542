namespace AdapterServe.AdapterStore;

/// <summary>
/// How an S3 bucket is reached. Credentials are found as every AWS program finds them: <c>AWS_ACCESS_KEY_ID</c> and <c>AWS_SECRET_ACCESS_KEY</c>, a
/// profile, the machine's role.
/// </summary>
public sealed record S3Settings
{
    /// <summary>The address of a server other than AWS's own; null for that.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Null: <c>AWS_REGION</c> or the profile's; <c>us-east-1</c> at an <see cref="Endpoint"/>.</summary>
    public string? Region { get; init; }

    /// <summary>The bucket stands in the path rather than in the host's name.</summary>
    public bool PathStyle { get; init; }

    /// <summary>How long a call may go without anything happening; a transfer may take longer as a whole, at no less than a MiB a second.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);
}
