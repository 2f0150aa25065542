using System.Buffers;

namespace AdapterServe.AdapterStore.Archives;

/// <summary>Copies a body whose length nobody vouches for.</summary>
internal static class LimitedCopy
{
    private const int BufferBytes = 128 * 1024;

    public static async Task CopyAsync(Stream source, Stream target, long maxBytes, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long total = 0;
            int read;
            while ((read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                total += read;
                if (total > maxBytes)
                {
                    throw TooLarge(maxBytes);
                }

                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }

            await target.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public static AdapterStoreException TooLarge(long maxBytes) =>
        StoreErrors.TooLarge("upload_too_large", $"An adapter's files have at most {maxBytes} bytes together.");
}
