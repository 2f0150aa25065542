using System.Text.Json;
using System.Text.Json.Serialization;
using AdapterServe.AdapterStore.Blobs;

namespace AdapterServe.AdapterStore.Uploads.Resumable;

/// <summary>What is known of a resumable upload beside its bytes; on disk as JSON.</summary>
/// <param name="Id">Its name, which nobody can guess.</param>
/// <param name="Owner">Whose upload it is.</param>
/// <param name="Tenant">Whose adapter it becomes.</param>
/// <param name="Actor">Who, for the audit log.</param>
/// <param name="IfMatch">See <see cref="Catalog.Caller.IfMatch"/>.</param>
/// <param name="Wish">What it is to become.</param>
/// <param name="CreatedAt">When it was begun.</param>
/// <param name="ExpiresAt">When it is forgotten.</param>
/// <param name="State">See <see cref="UploadStates"/>.</param>
internal sealed record UploadRecord(
    string Id, string Owner, string Tenant, string Actor, string? IfMatch, UploadWish Wish, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string State)
{
    private const string FileName = "upload.json";

    /// <summary>The version that it became.</summary>
    public int? Version { get; init; }

    public string? Digest { get; init; }

    /// <summary>Why it was refused.</summary>
    public string? Code { get; init; }

    public string? Reason { get; init; }

    [JsonIgnore]
    public bool IsOver => State is UploadStates.Ready or UploadStates.Refused;

    /// <summary>Null where the folder has none.</summary>
    public static UploadRecord? TryRead(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, FileName)), UploadRecordContext.Default.UploadRecord);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Durable when it returns. <b>Errors</b>: StorageFull.</summary>
    public void Write(string folder)
    {
        try
        {
            var unfinished = Path.Combine(folder, FileName + ".tmp");
            File.WriteAllBytes(unfinished, JsonSerializer.SerializeToUtf8Bytes(this, UploadRecordContext.Default.UploadRecord));
            FileSystem.FlushFile(unfinished);
            File.Move(unfinished, Path.Combine(folder, FileName), overwrite: true);
            FileSystem.FlushFolder(folder);
        }
        catch (IOException error) when (StoreErrors.IsDiskFull(error))
        {
            throw StoreErrors.StorageFull(error);
        }
    }
}

[JsonSerializable(typeof(UploadRecord))]
internal sealed partial class UploadRecordContext : JsonSerializerContext;
