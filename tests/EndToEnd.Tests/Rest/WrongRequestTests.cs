using System.Diagnostics;
using AdapterServe.AdapterServer.Tests.Rest;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

[Collection(SharedServerTests.Name)]
public sealed class WrongRequestTests(SharedServer shared)
{
    public static TheoryData<WrongRequest> Rows => [.. WrongRequests.All];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_wrong_request_gets_its_status_code_and_field(WrongRequest row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var clock = Stopwatch.StartNew();
        using var response = await shared.Client.PostAsync(row.Path, Api.Json(row.Body), TestContext.Current.CancellationToken);
        var error = await Api.ErrorAsync(response);
        Assert.Equal((row.Status, row.Code, row.Param), ((int)response.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.True(clock.Elapsed < Tolerances.HostileAnswer);
    }
}
