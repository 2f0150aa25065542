namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>One adaptation method of the adapters library. Stateless.</summary>
internal interface IHubArchitecture
{
    /// <summary>The value of <c>architecture</c> in the configuration.</summary>
    string Architecture { get; }

    /// <summary>What clients see.</summary>
    string KindOf(ConfigValues config);

    /// <summary>Takes the method's tensors and says what they do at which site. <b>Errors</b>: Unservable, Malformed.</summary>
    IEnumerable<SiteTensors> Read(ConfigValues config, HubAdapter adapter);
}
