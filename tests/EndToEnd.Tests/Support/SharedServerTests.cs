[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace AdapterServe.EndToEnd.Tests.Support;

/// <summary>The collection of the tests that share a server.</summary>
[CollectionDefinition(Name)]
public sealed class SharedServerTests : ICollectionFixture<SharedServer>
{
    public const string Name = "shared server";
}
