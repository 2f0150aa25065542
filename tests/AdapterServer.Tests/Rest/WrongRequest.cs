namespace AdapterServe.AdapterServer.Tests.Rest;

/// <summary>A request that must be turned down.</summary>
/// <param name="Name">What is wrong with it.</param>
/// <param name="Path">Where it is posted to.</param>
/// <param name="Body">Its body.</param>
/// <param name="Status">The status that it must get.</param>
/// <param name="Code">The code that it must get.</param>
/// <param name="Param">The field that the answer must name, or null.</param>
public sealed record WrongRequest(string Name, string Path, string Body, int Status, string Code, string? Param)
{
    public override string ToString() => Name;
}
