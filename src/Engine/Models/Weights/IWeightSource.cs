namespace AdapterServe.Engine.Models.Weights;

/// <summary>Makes an initializer's bytes at import.</summary>
internal interface IWeightSource
{
    /// <summary>
    /// Writes the initializer front to back, exactly its bytes, holding a few MiB at a time.
    /// <b>Errors</b>: <see cref="ModelImportException"/>; <see cref="IOException"/> of the stream.
    /// </summary>
    void Write(Stream stream, CancellationToken cancellation);
}
