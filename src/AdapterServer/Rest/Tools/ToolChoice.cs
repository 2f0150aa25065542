namespace AdapterServe.AdapterServer.Rest.Tools;

/// <summary>What a request wants of its functions.</summary>
internal enum ToolChoice
{
    /// <summary>The model decides.</summary>
    Auto,

    /// <summary>At least one of them is called.</summary>
    Required,

    /// <summary>The one that is named is called.</summary>
    Named,
}
