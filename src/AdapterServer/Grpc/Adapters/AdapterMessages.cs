using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Uploads;
using Google.Protobuf.WellKnownTypes;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.AdapterServer.Grpc.Adapters;

/// <summary>Adapters as messages.</summary>
internal static class AdapterMessages
{
    public static Wire.Adapter Of(AdapterDescriptor adapter)
    {
        var message = new Wire.Adapter
        {
            Name = adapter.Name,
            Version = adapter.Version,
            Digest = adapter.Digest,
            Kind = adapter.Kind,
            Forms = { adapter.Forms },
            Exactness = adapter.Exactness,
            Ranks = { adapter.Ranks },
            Dtype = adapter.Dtype,
            Sites = adapter.Sites,
            Tasks = { adapter.Tasks },
            Bytes = adapter.Bytes,
            WeightBytes = adapter.WeightBytes,
            State = adapter.State,
            Current = adapter.Current,
            Aliases = { adapter.Aliases },
            Base = adapter.Base,
            CreatedAt = Timestamp.FromDateTimeOffset(adapter.CreatedAt),
            AddedTokens = adapter.AddedTokens,
        };
        if (adapter.Lower is { } lower)
        {
            message.Lower = lower;
        }

        return message;
    }

    public static Wire.UploadResponse Of(UploadResult result) => new() { Adapter = Of(result.Descriptor), Created = result.Created };
}
