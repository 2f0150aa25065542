namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>One adaptation method of the adapters library. Stateless.</summary>
internal interface IHubArchitecture
{
    /// <summary>The value of <c>architecture</c> in the configuration.</summary>
    string Architecture { get; }

    /// <summary>What clients see.</summary>
    string KindOf(ConfigValues config);

    /// <summary>Takes the method's tensors and says what they do at which site. <b>Errors</b>: Unservable, Malformed.</summary>
    IEnumerable<SiteTensors> ReadSites(ConfigValues config, HubAdapter adapter) => [];

    /// <summary>What stands before the sequence, or null; errors as for <see cref="ReadSites"/>.</summary>
    VirtualTokenTensors? ReadVirtualTokens(ConfigValues config, HubAdapter adapter) => null;
}
