using System.Text.Json.Serialization;

namespace AdapterServe.AdapterStore.Uploads.Resumable;

/// <summary>What clients see of a resumable upload.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Name">The adapter's.</param>
/// <param name="State">See <see cref="UploadStates"/>.</param>
/// <param name="Offset">How many bytes are there, on the disk.</param>
/// <param name="Length">How many it has.</param>
/// <param name="CreatedAt">When it was begun, UTC.</param>
/// <param name="ExpiresAt">When it is forgotten, UTC.</param>
public sealed record UploadStatus(string Id, string Name, string State, long Offset, long Length, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)
{
    /// <summary>The version that it became; left out before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Version { get; init; }

    /// <summary>The version's content.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Digest { get; init; }

    /// <summary>Why it was refused, for programs; left out where it was not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    /// <summary>Why it was refused, for a person.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>Nothing more will happen to it.</summary>
    [JsonIgnore]
    public bool IsOver => State is UploadStates.Ready or UploadStates.Refused;
}
