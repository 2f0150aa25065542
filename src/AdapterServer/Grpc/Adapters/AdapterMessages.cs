using System.Globalization;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Registry;
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
            Revision = adapter.Revision,
            Labels = { adapter.Labels },
            Pinned = adapter.Pinned,
            Priority = adapter.Priority,
            DeletedAt = adapter.DeletedAt is { } deleted ? Timestamp.FromDateTimeOffset(deleted) : null,
        };
        SetOptional(message, adapter);
        return message;
    }

    public static Wire.AuditEntry Of(AuditEntry entry)
    {
        var message = new Wire.AuditEntry
        {
            Id = entry.Revision,
            HappenedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.Parse(entry.HappenedAt, CultureInfo.InvariantCulture)),
            Actor = entry.Actor,
            Action = entry.Action,
            Name = entry.Name,
            Outcome = entry.Outcome,
        };
        if (entry.Version is { } version)
        {
            message.Version = version;
        }

        if (entry.Digest is { } digest)
        {
            message.Digest = digest;
        }

        if (entry.Detail is { } detail)
        {
            message.Detail = detail;
        }

        return message;
    }

    private static void SetOptional(Wire.Adapter message, AdapterDescriptor adapter)
    {
        if (adapter.Lower is { } lower)
        {
            message.Lower = lower;
        }

        if (adapter.Held is { } held)
        {
            message.Held = held;
        }

        if (adapter.Reason is { } reason)
        {
            message.Reason = reason;
        }
    }
}
