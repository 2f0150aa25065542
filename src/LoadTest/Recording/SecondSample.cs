namespace AdapterServe.LoadTest.Recording;

/// <summary>One second of a run.</summary>
/// <param name="Second">Since the run's start, the warm-up included.</param>
/// <param name="Arrived">Requests that should have been sent in it.</param>
/// <param name="Completed">Answers that ended well in it.</param>
/// <param name="Failed">Requests that failed in it.</param>
/// <param name="Tokens">Tokens that came in it.</param>
/// <param name="InFlight">Most requests that were on their way at a time.</param>
internal sealed record SecondSample(int Second, long Arrived, long Completed, long Failed, long Tokens, int InFlight);
