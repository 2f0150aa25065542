namespace AdapterServe.LoadTest.Uploading;

/// <param name="Uploaded">Now.</param>
/// <param name="Skipped">Were there already.</param>
/// <param name="Failed">Were refused.</param>
internal sealed record UploadResult(int Uploaded, int Skipped, int Failed);
