using AdapterServe.LoadTest.Execution;
using AdapterServe.LoadTest.Plans;
using AdapterServe.LoadTest.Recording;
using AdapterServe.LoadTest.Reports;
using AdapterServe.LoadTest.Sending;
using AdapterServe.LoadTest.Setup;

namespace AdapterServe.LoadTest.Tests.Support;

/// <summary>Whole runs inside the test's process, over a real socket or against a sender of the test's own.</summary>
internal static class Runs
{
    public static async Task<RunRecorder> AgainstAsync(
        SyntheticServer server, PlanOptions plan, RunOptions options, Func<LoadArguments, LoadArguments>? change = null)
    {
        var arguments = new LoadArguments { Url = server.Address };
        using var setup = await LoadSetup.PrepareAsync(change?.Invoke(arguments) ?? arguments, TestContext.Current.CancellationToken);
        return await AgainstAsync(setup.Sender, plan, options);
    }

    public static async Task<RunRecorder> AgainstAsync(IRequestSender sender, PlanOptions plan, RunOptions options)
    {
        var run = new LoadRun(new LoadPlan(plan), sender, options, TimeProvider.System);
        await run.ExecuteAsync(TestContext.Current.CancellationToken).WaitAsync(Tolerances.Patience, TestContext.Current.CancellationToken);
        return run.Recorder;
    }

    public static RunReport Report(RunRecorder recorder, SloLimits? slo = null, params string[] tenants) => ReportBuilder.Build(
        new RunDescription("http://there/", "AdapterServe", "base", "a load", "none", "32", "64", 1, DateTimeOffset.UnixEpoch), recorder, slo
            ?? new SloLimits(),
        tenants.Length == 0 ? ["default"] : tenants);
}
