using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;

namespace AdapterServe.AdapterServer.Tests.Hosting;

/// <summary>Waiting for clients and for the server's next phase.</summary>
public sealed class ServerStateTests
{
    [Fact]
    public async Task Who_waits_for_a_client_is_told_when_the_server_stops()
    {
        var state = new ServerState();
        var seen = new TaskCompletionSource();
        var waiting = state.UntilStopping(
            async cancellation =>
            {
                cancellation.Register(seen.SetResult);
                await Task.Delay(Timeout.Infinite, cancellation);
                return true;
            },
            TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        await state.BeginStopping();
        Assert.Equal(503, (await Assert.ThrowsAsync<ApiException>(() => waiting)).Status);
        await seen.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_client_that_comes_first_is_heard() =>
        Assert.Equal(5, await new ServerState().UntilStopping(_ => Task.FromResult(5), TestContext.Current.CancellationToken));

    [Fact]
    public async Task A_change_of_phase_ends_the_wait_for_it()
    {
        var state = new ServerState();
        var change = state.NextPhase;
        Assert.False(change.IsCompleted);
        await state.BeginStopping();
        await change.WaitAsync(TestContext.Current.CancellationToken);
        Assert.False(state.NextPhase.IsCompleted);
    }
}
