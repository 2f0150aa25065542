using AdapterServe.LoadTest.Plans;
using AdapterServe.LoadTest.Sending;

namespace AdapterServe.LoadTest.Recording;

/// <summary>What became of a request. Times are microseconds since the run's start.</summary>
/// <param name="Request">As it was planned.</param>
/// <param name="IntendedUs">When it should have been sent: its arrival in an open loop, when its client was free in a closed one. Latencies count
/// from here.</param>
/// <param name="SentUs">When it was sent.</param>
/// <param name="FirstTokenUs">-1 without one.</param>
/// <param name="LastTokenUs">-1 without one.</param>
/// <param name="EndUs">When the answer was complete, or had failed.</param>
/// <param name="OutputTokens">That came.</param>
/// <param name="Outcome">Its end.</param>
internal sealed record RequestRecord(
    PlannedRequest Request, long IntendedUs, long SentUs, long FirstTokenUs, long LastTokenUs, long EndUs, int OutputTokens, SendOutcome Outcome)
{
    public bool IsSuccess => Outcome.ErrorCode is null;

    /// <summary>Time to the first token; of an answer without tokens, to its end.</summary>
    public long TimeToFirstTokenUs => (FirstTokenUs < 0 ? EndUs : FirstTokenUs) - IntendedUs;

    public long EndToEndUs => EndUs - IntendedUs;

    public long SendDelayUs => SentUs - IntendedUs;

    /// <summary>The mean time between its tokens; null with fewer than two.</summary>
    public double? MeanInterTokenUs => OutputTokens > 1 ? (double)(LastTokenUs - FirstTokenUs) / (OutputTokens - 1) : null;
}
