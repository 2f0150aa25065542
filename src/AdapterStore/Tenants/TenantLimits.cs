namespace AdapterServe.AdapterStore.Tenants;

/// <summary>What a tenant may have and use. Null: what the server gives to everybody, and where it says nothing, no limit. 0 is nothing at all.</summary>
public sealed record TenantLimits
{
    public static TenantLimits None { get; } = new();

    /// <summary>Names with an adapter. Deleted ones don't count.</summary>
    public long? Adapters { get; init; }

    /// <summary>Of the files of all versions, deleted ones included until they are purged: so long they are on disk.</summary>
    public long? Bytes { get; init; }

    /// <summary>Generations begun.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens of prompts and answers.</summary>
    public int? TokensPerMinute { get; init; }

    /// <summary>Answers in the making: prompts times choices of all requests that run.</summary>
    public int? ConcurrentSequences { get; init; }

    /// <summary>These, and where they say nothing, others.</summary>
    public TenantLimits Or(TenantLimits others) => new()
    {
        Adapters = Adapters ?? others.Adapters,
        Bytes = Bytes ?? others.Bytes,
        RequestsPerMinute = RequestsPerMinute ?? others.RequestsPerMinute,
        TokensPerMinute = TokensPerMinute ?? others.TokensPerMinute,
        ConcurrentSequences = ConcurrentSequences ?? others.ConcurrentSequences,
    };
}
